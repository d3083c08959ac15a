import { z } from 'zod';
import { LocopropError } from '../../core/errors/error.js';
import { arrayTypes, LENGTH_BYTES, METADATA_KEY, type SafeTensor, type TensorType } from './tensor.js';

/** The format allows 100 MB; a tenth describes a hundred thousand tensors and parses in little memory. */
const MAX_HEADER_BYTES = 10_000_000;

/** Numbers and texts of a safetensors file. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const offsetSchema = z.int().nonnegative();
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(offsetSchema),
  data_offsets: z.tuple([offsetSchema, offsetSchema]),
});
const metadataSchema = z.record(z.string(), z.string());

interface Entry {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a safetensors file. Every tensor gets memory of its own, so it is aligned wherever the
 * bytes lie, can be handed to another thread, and does not keep the file in memory.
 *
 * @throws SAFETENSORS_INVALID when the file is not whole and well-formed, or holds numbers of
 *   another type than F32 and F64; nothing is allocated for tensors before all of it is checked
 */
export function decodeSafetensors(bytes: Uint8Array, file: string): Safetensors {
  const fail = (reason: string, offset: number, cause?: unknown): never => {
    throw new LocopropError('SAFETENSORS_INVALID', { file, reason, offset }, { cause });
  };

  const dataStart = LENGTH_BYTES + headerLength(bytes, fail);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, dataStart), fail);
  const { [METADATA_KEY]: texts = {}, ...rest } = header;
  const metadata = metadataSchema.safeParse(texts);
  if (!metadata.success) return fail(`${METADATA_KEY} ${firstIssue(metadata.error)}`, LENGTH_BYTES);

  const entries = Object.entries(rest).map(([name, entry]) => checkEntry(name, entry, fail));
  checkCoverage(entries, dataStart, bytes.length, fail);
  const tensors = entries.map(({ name, type, shape, begin, end }): [string, SafeTensor] => {
    // Not slice(): a Buffer's gives a view.
    const own = new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end));
    return [name, { shape, data: new arrayTypes[type](own.buffer) }];
  });
  return { tensors: new Map(tensors), metadata: metadata.data };
}

type Fail = (reason: string, offset: number, cause?: unknown) => never;

/** The JSON text of a name: hostile names neither break the line nor fill the screen. */
const quoted = (name: string): string => {
  const text = JSON.stringify(name);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
};

const firstIssue = ({ issues: [issue] }: z.ZodError): string =>
  issue ? `${issue.path.map(String).join('.')}: ${issue.message}` : 'is not valid';

function headerLength(bytes: Uint8Array, fail: Fail): number {
  if (bytes.length < LENGTH_BYTES)
    return fail(`it has ${bytes.length} bytes, too few for a length`, bytes.length);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES)
    return fail(`its header of ${length} bytes is over ${MAX_HEADER_BYTES} bytes`, 0);
  const rest = bytes.length - LENGTH_BYTES;
  if (length > rest)
    return fail(`its header of ${length} bytes is cut off after ${rest} bytes`, bytes.length);
  return Number(length);
}

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  if (bytes[0] !== 0x7b) return fail('its header does not start with {', LENGTH_BYTES);
  try {
    // What starts with { and parses is an object.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Record<string, unknown>;
  } catch (cause) {
    return fail('its header is not JSON', LENGTH_BYTES, cause);
  }
}

function checkEntry(name: string, value: unknown, fail: Fail): Entry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success)
    return fail(`the tensor ${quoted(name)} has ${firstIssue(parsed.error)}`, LENGTH_BYTES);
  const { dtype, shape } = parsed.data;
  const [begin, end] = parsed.data.data_offsets;
  if (dtype !== 'F32' && dtype !== 'F64') {
    return fail(`the tensor ${quoted(name)} is of type ${quoted(dtype)}, not F32 or F64`, LENGTH_BYTES);
  }
  let size: number = arrayTypes[dtype].BYTES_PER_ELEMENT;
  for (const length of shape) {
    size *= length;
    if (!Number.isSafeInteger(size))
      return fail(`the shape of the tensor ${quoted(name)} is too large`, LENGTH_BYTES);
  }
  if (end - begin !== size) {
    return fail(`the tensor ${quoted(name)} needs ${size} bytes and has ${end - begin}`, LENGTH_BYTES);
  }
  return { name, type: dtype, shape, begin, end };
}

/** The tensors lie one behind the other, without overlap or hole, up to the end of the file. */
function checkCoverage(entries: readonly Entry[], dataStart: number, fileSize: number, fail: Fail): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      return fail(
        `the tensor ${quoted(name)} starts at byte ${begin} of the data, not ${covered}`,
        dataStart + begin,
      );
    }
    covered = end;
  }
  const data = fileSize - dataStart;
  if (covered > data) return fail(`its tensors need ${covered} bytes and it has ${data}`, fileSize);
  if (covered < data)
    return fail(`${data - covered} bytes behind its tensors belong to none`, dataStart + covered);
}
