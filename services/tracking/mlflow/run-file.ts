import { z } from 'zod';
import { LocopropError } from '../../../core/errors/error.js';
import { messageOf } from '../../../core/errors/message.js';
import type { Run } from '../../store/run.js';

const RUN_FILE = 'mlflow.json';

/** How MLflow knows a run: kept in the run's folder, so that the run is the same one when it goes on. */
export interface RunFile {
  readonly server: string;
  readonly experiment: string;
  /** The run's tag `locoprop.run`. */
  readonly key: string;
  /** Null as long as the server has not answered. */
  readonly runId: string | null;
}

const schema = z.object({
  server: z.string(),
  experiment: z.string(),
  key: z.uuid(),
  runId: z.string().nullable(),
});

/** Null where the run was not logged. @throws LocopropError STORE_READ_FAILED */
export async function readRunFile(run: Run): Promise<RunFile | null> {
  const text = await run.readOptional(RUN_FILE);
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const details = { file: `${run.location}/${RUN_FILE}`, reason: messageOf(cause) };
    throw new LocopropError('STORE_READ_FAILED', details, { cause });
  }
}

/** @throws LocopropError STORE_WRITE_FAILED */
export const writeRunFile = (run: Run, file: RunFile): Promise<void> =>
  run.writeFile(RUN_FILE, `${JSON.stringify(file, null, 2)}\n`);
