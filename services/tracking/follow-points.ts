import type { Run } from '../store/run.js';
import { Curves, type Point, type RunEnded, type RunStarted } from './points.js';

/** Is given the points of a run in order; the run waits for the promises, and fails with them. */
export interface PointSink {
  /** The run begins, or goes on: all points of its log, which is cut off behind its checkpoint by now. */
  begin(points: readonly Point[], started: RunStarted): Promise<void>;
  add(points: readonly Point[]): Promise<void>;
  end(ended: RunEnded): Promise<void>;
}

/**
 * Gives a sink the points of a run that is about to be trained. One that fails before it has its data and its
 * engine has no points, and the sink is not called.
 */
export function followPoints(run: Run, sink: PointSink): void {
  let curves: Curves | null = null;
  run.events.subscribe(async (event) => {
    if (event.type === 'run.started') {
      curves = new Curves(event);
      const points: Point[] = [];
      // Only what has reached the store can be read there.
      await run.events.sync();
      for await (const earlier of run.readEvents()) points.push(...curves.of(earlier));
      await sink.begin(points, event);
      return;
    }
    if (!curves) return;
    const points = curves.of(event);
    if (points.length > 0) await sink.add(points);
    if (event.type === 'run.ended') await sink.end(event);
  });
}
