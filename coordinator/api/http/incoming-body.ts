import { messageOf } from '../../../core/errors/message.js';
import type { IncomingMessage } from 'node:http';
import { LocopropError } from '../../../core/errors/error.js';
import type { HttpLimits } from './options.js';
import { invalidRequest } from './problem.js';
import { before } from '../../../services/time/before.js';

/** The body of a request, which is read when a route asks for it, and only as far as it may go. */
export interface IncomingBody {
  /** Its media type in small letters, without parameters; empty where it has none. */
  readonly type: string;
  /**
   * A small body in full.
   *
   * @param types media types that it may have
   * @throws MEDIA_TYPE_UNKNOWN, REQUEST_TOO_LARGE, REQUEST_TOO_SLOW, REQUEST_INVALID where it is no UTF-8
   */
  text(types: readonly string[]): Promise<string>;
  /** As `text` does, of the media type application/json. */
  json(): Promise<unknown>;
  /**
   * A large body as it comes, and no faster than it is taken.
   *
   * @throws MEDIA_TYPE_UNKNOWN, DATASET_TOO_LARGE where its length says so; REQUEST_TOO_SLOW within
   */
  chunks(): AsyncIterable<Uint8Array>;
}

const JSON_TYPE = 'application/json';

export const incomingBody = (request: IncomingMessage, limits: HttpLimits): IncomingBody => {
  const text = async (types: readonly string[]): Promise<string> => {
    requireType(request, types);
    const limit = limits.specBytes;
    if (announced(request) > limit) throw new LocopropError('REQUEST_TOO_LARGE', { limit });
    return decoded(await collect(request, limits));
  };
  return {
    type: mediaType(request).type,
    text,
    json: async () => {
      const body = await text([JSON_TYPE]);
      return parseJson(body);
    },
    chunks: () => {
      requireUpload(request);
      const limit = limits.uploadBytes;
      if (announced(request) > limit) throw new LocopropError('DATASET_TOO_LARGE', { limit });
      return paced(request, { seconds: limits.bodySeconds, bytes: limits.uploadPaceBytes });
    },
  };
};

/** @throws LocopropError REQUEST_INVALID */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalidRequest(`the body is no JSON: ${messageOf(cause)}`);
  }
}

/** The media type of a body and its parameters, in small letters. */
function mediaType({ headers }: IncomingMessage): { readonly type: string; readonly charset: string } {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters
    .map((text) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(text)?.[1])
    .find(Boolean);
  return { type: type.trim(), charset: charset ?? 'utf-8' };
}

function requireType(request: IncomingMessage, types: readonly string[]): void {
  requirePlain(request);
  const { type, charset } = mediaType(request);
  if (!types.includes(type)) throw unknownType(type === '' ? 'none' : type);
  if (charset !== 'utf-8' && charset !== 'utf8') throw unknownType(`${type} in ${charset}`);
}

/** Any type will do, but for that of a form, which wraps the file in more than its bytes. */
function requireUpload(request: IncomingMessage): void {
  requirePlain(request);
  const { type } = mediaType(request);
  if (type.startsWith('multipart/')) throw unknownType(type);
}

function requirePlain({ headers }: IncomingMessage): void {
  const coding = headers['content-encoding'] ?? 'identity';
  if (coding.toLowerCase() !== 'identity') throw unknownType(coding);
}

const unknownType = (type: string): LocopropError => new LocopropError('MEDIA_TYPE_UNKNOWN', { type });

/** 0 where nothing is announced. */
const announced = ({ headers }: IncomingMessage): number => Number(headers['content-length'] ?? 0);

async function collect(request: IncomingMessage, limits: HttpLimits): Promise<Buffer> {
  const limit = limits.specBytes;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Of all of it: whoever sends a byte now and then does not hold a connection for longer.
  const pace = { seconds: limits.bodySeconds, bytes: limit + 1 };
  for await (const chunk of paced(request, pace)) {
    bytes += chunk.length;
    if (bytes > limit) throw new LocopropError('REQUEST_TOO_LARGE', { limit });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidRequest('the body is no UTF-8');
  }
}

/**
 * The chunks of a request, as long as so many bytes come in every so many seconds of waiting for them.
 * A reader that stops early leaves the connection open, for it still has to carry the answer.
 */
async function* paced(
  request: IncomingMessage,
  pace: { readonly seconds: number; readonly bytes: number },
): AsyncGenerator<Uint8Array> {
  const iterator = request.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Uint8Array>;
  const windowMs = pace.seconds * 1000;
  let waitedMs = 0;
  let bytes = 0;
  try {
    for (;;) {
      const from = performance.now();
      const next = await before(iterator.next().catch(cutOff), windowMs - waitedMs);
      // As soon as enough has come, the time begins anew: what is left of it was too little.
      if (next === 'late') throw new LocopropError('REQUEST_TOO_SLOW', { seconds: pace.seconds });
      if (next.done === true) return;
      waitedMs += performance.now() - from;
      bytes += next.value.length;
      if (bytes >= pace.bytes) [waitedMs, bytes] = [0, 0];
      yield next.value;
    }
  } finally {
    // Not waited for: where a read is under way, it ends with that.
    void iterator.return?.();
  }
}

/** The client has gone, so this is told to nobody but whoever keeps what came. */
function cutOff(cause: unknown): never {
  const reason = 'the connection ended before the body did';
  throw new LocopropError('REQUEST_INVALID', { reason }, { cause });
}
