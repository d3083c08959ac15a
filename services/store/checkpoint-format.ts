import { messageOf } from '../../core/errors/message.js';
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { LocopropError } from '../../core/errors/error.js';
import type { LayerState, RunState } from '../../core/state.js';
import { decodeSafetensors } from '../safetensors/decode.js';
import { encodeSafetensors } from '../safetensors/encode.js';
import { layersOf, meansOf, readMeans, tensorsOf } from './layer-tensors.js';
import { slices } from './slices.js';

/** Raised when a file of the new kind would be misread by the program before. */
const CHECKPOINT_VERSION = 1;

/** What the metadata entry `format` says. */
export const CHECKPOINT_FORMAT = 'locoprop-checkpoint';

const DIGEST_KEY = 'digest';
/** Stands in the digest's place while it is computed: as many characters as SHA-256 has in hex. */
const NO_DIGEST = '0'.repeat(64);

const count = z.int().nonnegative();
const stateSchema = z.object({
  position: z.object({ step: count, epoch: count, batch: count }),
  event: count,
  random: z.object({ generator: z.string(), seed: z.number() }),
  trainSeconds: z.number().nonnegative(),
  bestLoss: z.number().nullable(),
  updates: z.array(count),
});

/**
 * A run's state as a safetensors file, in pieces that are views of the state's arrays: these must
 * not change before the pieces are written. The metadata holds `format`, `formatVersion`,
 * `program`, `state` (all of RunState but the tensors, as JSON) and `digest`: SHA-256 in hex of the
 * whole file with 64 zeros in the digest's place. Hashing gives way to other work every 1 MiB.
 *
 * @param program name and version of the writer, for people
 */
export async function encodeCheckpoint(state: RunState, program: string): Promise<Uint8Array[]> {
  const { layers, gradientMeans = [], ...rest } = state;
  const metadata = {
    format: CHECKPOINT_FORMAT,
    formatVersion: String(CHECKPOINT_VERSION),
    program,
    [DIGEST_KEY]: NO_DIGEST,
    state: JSON.stringify({ ...rest, updates: layers.map(({ updates }) => updates) }),
  };
  const [header = new Uint8Array(), ...data] = encodeSafetensors(
    { ...tensorsOf(layers), ...meansOf(gradientMeans) },
    metadata,
  );
  const place = placeOf(NO_DIGEST, header);
  header.set(Buffer.from(await digestOf([header, ...data])), place);
  return [header, ...data];
}

/**
 * The state in a checkpoint's bytes; `file` is for the messages.
 *
 * @throws STORE_CHECKPOINT_DAMAGED when anything of the file has changed since it was written, or
 *   it is no checkpoint; STORE_CHECKPOINT_NEWER when a later format wrote it
 */
export async function decodeCheckpoint(bytes: Uint8Array, file: string): Promise<RunState> {
  const { tensors, metadata } = wellFormed(bytes, file);
  const damaged = (reason: string, cause?: unknown): LocopropError =>
    new LocopropError('STORE_CHECKPOINT_DAMAGED', { file, reason }, { cause });

  if (metadata.format !== CHECKPOINT_FORMAT) throw damaged('it is not marked as a checkpoint');
  // First of all, so that a flipped bit in the version is damage and not news.
  if (!(await hasDigest(bytes, metadata[DIGEST_KEY] ?? '')))
    throw damaged('its SHA-256 digest does not match');
  const version = metadata.formatVersion ?? '';
  if (Number(version) > CHECKPOINT_VERSION) {
    throw new LocopropError('STORE_CHECKPOINT_NEWER', { file, version, known: CHECKPOINT_VERSION });
  }
  try {
    const { updates, ...rest } = stateSchema.parse(JSON.parse(metadata.state ?? ''));
    const layers = layersOf(tensors);
    if (layers.length !== updates.length) throw new Error('another number of layers than its state');
    const gradientMeans = readMeans(tensors, layers);
    return {
      ...rest,
      layers: layers.map((layer, i): LayerState => ({ ...layer, updates: updates[i] ?? 0 })),
      ...(gradientMeans && { gradientMeans }),
    };
  } catch (cause) {
    throw damaged(`its state cannot be read: ${messageOf(cause)}`, cause);
  }
}

function wellFormed(bytes: Uint8Array, file: string): ReturnType<typeof decodeSafetensors> {
  try {
    return decodeSafetensors(bytes, file);
  } catch (cause) {
    if (!(cause instanceof LocopropError)) throw cause;
    const { reason, offset } = cause.details;
    throw new LocopropError(
      'STORE_CHECKPOINT_DAMAGED',
      { file, reason: `${reason} (byte ${offset})` },
      { cause },
    );
  }
}

const placeOf = (digest: string, bytes: Uint8Array): number =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(digest);

async function hasDigest(bytes: Uint8Array, digest: string): Promise<boolean> {
  const place = placeOf(digest, bytes);
  if (digest.length !== NO_DIGEST.length || place < 0) return false;
  const before = bytes.subarray(0, place);
  const after = bytes.subarray(place + digest.length);
  return digest === (await digestOf([before, Buffer.from(NO_DIGEST), after]));
}

async function digestOf(chunks: Iterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for (const slice of slices(chunks)) {
    hash.update(slice);
    await setImmediate();
  }
  return hash.digest('hex');
}
