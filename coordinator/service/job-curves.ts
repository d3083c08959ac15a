import type { EpochMetrics, StepPoint } from '../../core/events.js';
import { Outline, type CurveValue } from '../../core/outline.js';
import { readSteps } from '../../services/store/curves.js';
import { readMetrics } from '../../services/store/metrics.js';
import type { RunStore } from '../../services/store/run-store.js';
import type { CurveRequest } from './job-service.js';

const EVERYTHING: CurveRequest = { points: null, from: null, to: null };

/** The epochs of a run; of an outline, with the least and greatest losses on either data. */
export async function metricsOf(
  run: RunStore,
  curve: CurveRequest = EVERYTHING,
): Promise<readonly EpochMetrics[]> {
  return outlined(await readMetrics(run), curve, [({ trainLoss }) => trainLoss, ({ testLoss }) => testLoss]);
}

/** The steps of a run; of an outline, with the least and greatest losses. */
export const stepsOf = (run: RunStore, curve: CurveRequest): Promise<readonly StepPoint[]> =>
  outlined(readSteps(run), curve, [({ loss }) => loss]);

async function outlined<Point extends { readonly step: number }>(
  points: AsyncIterable<Point> | Iterable<Point>,
  { points: limit, from, to }: CurveRequest,
  values: readonly CurveValue<Point>[],
): Promise<readonly Point[]> {
  const outline = new Outline(limit, values);
  for await (const point of points) {
    if (point.step >= (from ?? 0) && point.step <= (to ?? Infinity)) outline.add(point);
  }
  return outline.points;
}
