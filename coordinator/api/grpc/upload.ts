import { LocopropError } from '../../../core/errors/error.js';
import type { StoredDataset } from '../../../services/store/job-store.js';
import type { JobService } from '../../service/job-service.js';
import { unlessAborted } from './abortable.js';
import { readRequest } from './definition.js';
import type { GrpcLimits } from './limits.js';
import { type DatasetPart, uploadOf } from './requests.js';
import { before } from '../../../services/time/before.js';

/**
 * Takes the messages of an upload.
 * @throws LocopropError REQUEST_INVALID, REQUEST_TOO_LARGE, REQUEST_TOO_SLOW, and what the service throws
 */
export async function takeUpload(
  service: JobService,
  messages: AsyncIterable<Buffer>,
  limits: GrpcLimits,
  signal: AbortSignal,
): Promise<StoredDataset> {
  const parts = partsOf(messages, limits.arrivalSeconds, signal);
  const first = await parts.next();
  if (first.done || first.value.part !== 'header') {
    throw new LocopropError('REQUEST_INVALID', { reason: 'the first message has no header' });
  }
  const content = new Content(parts, limits.chunkBytes);
  try {
    return await service.upload(content.bytes(), uploadOf(first.value.header));
  } catch (error) {
    // What ended the content is the cause, whatever a store made of it.
    throw content.failure ?? error;
  }
}

/** The messages; the next one of a client that has left, or takes too long, is a failure. */
async function* partsOf(
  messages: AsyncIterable<Buffer>,
  seconds: number,
  signal: AbortSignal,
): AsyncGenerator<DatasetPart, void, void> {
  const iterator = messages[Symbol.asyncIterator]();
  for (;;) {
    const message = await unlessAborted(before(iterator.next(), 1000 * seconds), signal);
    if (message === 'late') throw new LocopropError('REQUEST_TOO_SLOW', { seconds });
    if (message.done) return;
    yield readRequest('UploadDataset', message.value);
  }
}

/** The bytes after the header. */
class Content {
  /** Why they ended early. */
  failure: unknown = null;
  readonly #parts: AsyncGenerator<DatasetPart, void, void>;
  readonly #limit: number;

  constructor(parts: AsyncGenerator<DatasetPart, void, void>, limit: number) {
    this.#parts = parts;
    this.#limit = limit;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    try {
      for await (const part of this.#parts) yield this.#dataOf(part);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  #dataOf(part: DatasetPart): Uint8Array {
    if (part.part !== 'data') {
      throw new LocopropError('REQUEST_INVALID', { reason: 'a message after the first has no data' });
    }
    if (part.data.length > this.#limit) throw new LocopropError('REQUEST_TOO_LARGE', { limit: this.#limit });
    return part.data;
  }
}
