import { messageOf } from '../../core/errors/message.js';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { LocopropError } from '../../core/errors/error.js';
import type { CaseRun } from './case-run.js';
import { CaseSource } from './case-source.js';
import { exactSolutionRuns } from './exact-solution.js';
import { localProblemRuns } from './local-problem.js';
import { networkRuns } from './network.js';
import { exactSolutionSchema, localProblemSchema, networkSchema } from './schema.js';

/** Read as one text, which V8 limits to half a gigabyte. */
const LARGEST_FILE_BYTES = 256 * 2 ** 20;

/** How the cases of a kind are told from the others, and made ready. */
interface Kind {
  readonly field: string;
  prepare(source: CaseSource, data: unknown): CaseRun[];
}

const kind = <Schema extends z.ZodType>(
  field: string,
  schema: Schema,
  runs: (source: CaseSource, data: z.infer<Schema>) => CaseRun[],
): Kind => ({
  field,
  prepare: (source, data) => {
    const { success, data: checked, error } = schema.safeParse(data);
    if (success) return runs(source, checked);
    const { path, message } = error.issues[0]!;
    throw source.invalid(`${path.join('.')}: ${message}`);
  },
});

const kinds: readonly Kind[] = [
  kind('solves', localProblemSchema, localProblemRuns),
  kind('steps', networkSchema, networkRuns),
  kind('eta', exactSolutionSchema, exactSolutionRuns),
];

/**
 * The cases of all JSON files in a folder that hold lists of cases, in the order of their names.
 * Other files are left alone: what accompanies vectors need not be vectors.
 *
 * @throws LocopropError VECTORS_MISSING, VECTORS_INVALID
 */
export async function readVectors(directory: string): Promise<CaseRun[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    throw new LocopropError('VECTORS_MISSING', { directory, reason: messageOf(error) }, { cause: error });
  });
  const runs: CaseRun[] = [];
  for (const name of names.filter((name) => name.endsWith('.json')).sort()) {
    const file = join(directory, name);
    const content = await readJson(file);
    if (Array.isArray(content)) runs.push(...content.flatMap((data, index) => caseRuns(file, data, index)));
  }
  if (runs.length === 0) {
    const reason = 'no JSON file in it is a list of cases';
    throw new LocopropError('VECTORS_MISSING', { directory, reason });
  }
  return runs;
}

async function readJson(file: string): Promise<unknown> {
  const invalid = (place: string, error: unknown): LocopropError =>
    new LocopropError('VECTORS_INVALID', { file, place, reason: messageOf(error) }, { cause: error });
  const content = await readText(file).catch((error: unknown) => {
    throw invalid('the file', error);
  });
  try {
    return JSON.parse(content);
  } catch (error) {
    throw invalid('as JSON', error);
  }
}

async function readText(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > LARGEST_FILE_BYTES)
    throw new RangeError(`it has ${size} bytes; the limit is ${LARGEST_FILE_BYTES}`);
  return readFile(file, 'utf8');
}

const isObject = (data: unknown): data is Readonly<Record<string, unknown>> =>
  typeof data === 'object' && data !== null;

function caseRuns(file: string, data: unknown, index: number): CaseRun[] {
  const named = isObject(data) && typeof data['name'] === 'string' ? data['name'] : String(index);
  const source = new CaseSource(file, named);
  const found = isObject(data) ? kinds.find(({ field }) => field in data) : undefined;
  if (!found) {
    const fields = kinds.map(({ field }) => `"${field}"`).join(', ');
    throw source.invalid(`it has none of the fields ${fields}, which tell what it is`);
  }
  return found.prepare(source, data);
}
