import { z } from 'zod';
import { keyValue, type KeyValue } from './params.js';
import { MlflowFailure, type MlflowServer } from './server.js';

/** The tag by which a run is found whose creation was not answered. */
const KEY_TAG = 'locoprop.run';

/** What MLflow is told of a run besides its points. */
export interface RunDescription {
  /** Unique, and the same each time that the run goes on. */
  readonly key: string;
  readonly name: string;
  readonly experiment: string;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly startMs: number;
}

/** What the server already has of a run. */
export interface KnownOfRun {
  readonly params: ReadonlySet<string>;
  /** The last step of each curve. */
  readonly steps: ReadonlyMap<string, number>;
}

const experimentSchema = z.object({ experiment: z.object({ experiment_id: z.string() }) });
const createdExperimentSchema = z.object({ experiment_id: z.string() });
const runInfo = z.object({ run_id: z.string() });
const foundSchema = z.object({ runs: z.array(z.object({ info: runInfo })).default([]) });
const createdSchema = z.object({ run: z.object({ info: runInfo }) });
const runSchema = z.object({
  run: z.object({
    data: z
      .object({
        params: z.array(z.object({ key: z.string() })).default([]),
        // 64-bit integers are numbers or texts in JSON.
        metrics: z.array(z.object({ key: z.string(), step: z.coerce.number().default(0) })).default([]),
      })
      .default({ params: [], metrics: [] }),
  }),
});

const isOf = (error: unknown, code: string): boolean => error instanceof MlflowFailure && error.code === code;

/** The id of a run, which is made where it is missing, and so is its experiment. */
export async function openRunAt(
  server: MlflowServer,
  { key, name, experiment, startMs }: RunDescription,
  signal: AbortSignal,
): Promise<string> {
  const experimentId = await experimentIdOf(server, experiment, signal);
  const search = { experiment_ids: [experimentId], filter: `tags."${KEY_TAG}" = '${key}'`, max_results: 1 };
  const [found] = (await server.post('runs/search', search, foundSchema, signal)).runs;
  if (found) return found.info.run_id;
  const body = {
    experiment_id: experimentId,
    run_name: name,
    start_time: startMs,
    tags: [keyValue(KEY_TAG, key)],
  };
  return (await server.post('runs/create', body, createdSchema, signal)).run.info.run_id;
}

async function experimentIdOf(server: MlflowServer, name: string, signal: AbortSignal): Promise<string> {
  const find = async (): Promise<string> => {
    const query = { experiment_name: name };
    const { experiment } = await server.get('experiments/get-by-name', query, experimentSchema, signal);
    return experiment.experiment_id;
  };
  try {
    return await find();
  } catch (cause) {
    if (!isOf(cause, 'RESOURCE_DOES_NOT_EXIST')) throw cause;
  }
  try {
    const created = await server.post('experiments/create', { name }, createdExperimentSchema, signal);
    return created.experiment_id;
  } catch (cause) {
    // Another run has just made it.
    if (!isOf(cause, 'RESOURCE_ALREADY_EXISTS')) throw cause;
    return find();
  }
}

/** Null where the server has no such run (any more). */
export async function lookUpRun(
  server: MlflowServer,
  runId: string,
  signal: AbortSignal,
): Promise<KnownOfRun | null> {
  try {
    const { run } = await server.get('runs/get', { run_id: runId }, runSchema, signal);
    const { params, metrics } = run.data;
    return {
      params: new Set(params.map(({ key }) => key)),
      steps: new Map(metrics.map(({ key, step }) => [key, step])),
    };
  } catch (cause) {
    if (isOf(cause, 'RESOURCE_DOES_NOT_EXIST')) return null;
    throw cause;
  }
}
