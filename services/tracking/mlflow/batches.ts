import { z } from 'zod';
import type { Point } from '../points.js';
import type { KeyValue } from './params.js';
import type { MlflowServer } from './server.js';

/** What one request may hold, as MLflow documents it; with values of 500 characters it is far below 1 MB. */
export const MOST_METRICS = 1000;
const MOST_PARAMS = 100;

const nothing = z.unknown();

export const logPoints = (
  server: MlflowServer,
  runId: string,
  points: readonly Point[],
  signal: AbortSignal,
): Promise<unknown> =>
  server.post('runs/log-batch', { run_id: runId, metrics: points.map(metricOf) }, nothing, signal);

/** Parameters cannot be changed at the server; tags can. There are less than 100 tags. */
export async function logDescription(
  server: MlflowServer,
  runId: string,
  { params, tags }: { readonly params: readonly KeyValue[]; readonly tags: readonly KeyValue[] },
  signal: AbortSignal,
): Promise<void> {
  await server.post('runs/log-batch', { run_id: runId, tags }, nothing, signal);
  for (let start = 0; start < params.length; start += MOST_PARAMS) {
    const body = { run_id: runId, params: params.slice(start, start + MOST_PARAMS) };
    await server.post('runs/log-batch', body, nothing, signal);
  }
}

export type RunStatus = 'RUNNING' | 'FINISHED' | 'KILLED' | 'FAILED';

export const updateStatus = (
  server: MlflowServer,
  runId: string,
  { status, endMs }: { readonly status: RunStatus; readonly endMs: number | null },
  signal: AbortSignal,
): Promise<unknown> => {
  const body = { run_id: runId, status, ...(endMs !== null && { end_time: endMs }) };
  return server.post('runs/update', body, nothing, signal);
};

/** JSON has no NaN and no infinities; MLflow takes their names. */
const metricOf = ({ name, step, value, timeMs }: Point) => ({
  key: name,
  value: Number.isFinite(value) ? value : String(value),
  timestamp: timeMs,
  step,
});
