import type { PastSolve } from '../cluster/solve-history.js';
import type { WorkerHub } from '../cluster/worker-hub.js';
import type { WorkerSolve, WorkerView } from './job-service.js';

/** The workers of a hub as clients see them, with their last `solves` problems. */
export const workerViews = (hub: WorkerHub, solves: number): readonly WorkerView[] =>
  hub.members.map(({ info, joinedAt, place, held, history }) => ({
    ...info,
    joinedAt: joinedAt.toISOString(),
    leaving: place.leaving,
    ...place.work,
    parts: Array.from(held.values(), ({ job, columns: { layer, start, end } }) => ({
      job,
      layer: layer + 1,
      start,
      end,
    })),
    timeline: history.last(solves).map(solveView),
  }));

const solveView = ({ layer, startedMs, ...others }: PastSolve): WorkerSolve => ({
  ...others,
  layer: layer + 1,
  startedAt: new Date(startedMs).toISOString(),
});
