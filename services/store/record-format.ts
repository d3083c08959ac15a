import { z } from 'zod';
import { LocopropError } from '../../core/errors/error.js';
import type { JobRecord } from '../../core/job/record.js';
import { jobStates } from '../../core/job/states.js';

/** A version of a record as it is stored. */
export interface StoredRecord {
  readonly version: number;
  /** Names the write that made it: no two have the same. */
  readonly write: string;
  /** The writes of the versions before it, newest first. */
  readonly lineage: readonly string[];
  /** Null marks the end: the job was removed. */
  readonly record: JobRecord | null;
  /** When it was removed; null for a record. */
  readonly removedAt: string | null;
}

/** How many of the writes before it a version names. */
export const MAX_LINEAGE = 32;

export const RECORDS = 'records/';
const VERSION_DIGITS = 8;

/** All records lie in one folder, so that one listing tells of all of them. */
export const recordKey = (id: string, version: number): string =>
  `${RECORDS}${id}.${String(version).padStart(VERSION_DIGITS, '0')}.json`;

export function parseRecordKey(key: string): { readonly id: string; readonly version: number } | null {
  const [, id, version] = /^records\/([\w-]+)\.(\d{8,15})\.json$/.exec(key) ?? [];
  return id === undefined || version === undefined ? null : { id, version: Number(version) };
}

const count = z.int().min(0);
const text = z.string().nullable();

// What is kept was made by this program, or by another version of it: checked is what makes a damaged file
// known as one, and no more, so that a record with more or other details is kept as it is.
const recordSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  state: z.enum(jobStates),
  spec: z.looseObject({ name: z.string() }),
  submittedAt: z.string(),
  startedAt: text,
  endedAt: text,
  fence: count,
  runs: z.array(z.looseObject({ fence: count, from: count })),
  ticket: count,
  attempt: count,
  // Records of older versions have neither.
  reached: count.default(0),
  vanished: count.default(0),
  notBefore: text,
  coordinator: text,
  runSeconds: z.number(),
  progress: z.looseObject({ step: count }).nullable(),
  failure: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
  idempotencyKey: text,
  history: z.array(z.looseObject({ type: z.string(), time: z.string() })),
});

const storedSchema = z.object({
  write: z.string().min(1),
  lineage: z.array(z.string()),
  record: recordSchema.nullable(),
  removedAt: text,
});

export const encodeRecord = ({ write, lineage, record, removedAt }: StoredRecord): Uint8Array =>
  Buffer.from(`${JSON.stringify({ write, lineage, record, removedAt })}\n`);

/**
 * @param file what messages call it
 * @throws LocopropError STORE_RECORD_DAMAGED
 */
export function decodeRecord(
  bytes: Uint8Array,
  { id, version, file }: { readonly id: string; readonly version: number; readonly file: string },
): StoredRecord {
  const damaged = (reason: string, cause?: unknown): LocopropError =>
    new LocopropError('STORE_RECORD_DAMAGED', { file, reason }, { cause });
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString());
  } catch (cause) {
    throw damaged('it is not JSON', cause);
  }
  const { success, data, error } = storedSchema.safeParse(json);
  if (!success) {
    const [issue] = error.issues;
    throw damaged(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`, error);
  }
  if (data.record && data.record.id !== id) throw damaged('it is of another job');
  return { version, ...data, record: data.record as JobRecord | null };
}
