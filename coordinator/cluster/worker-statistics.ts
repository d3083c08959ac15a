import type { EpochMetrics } from '../../core/events.js';
import type { Place } from './place.js';

type Work = Place['work'];

/** What each place did since the last look, for the metrics of an epoch. */
export class WorkerStatistics {
  readonly #before = new WeakMap<Place, Work>();

  take(
    places: readonly Place[],
    predictedSeconds: number,
    stepSeconds: readonly number[],
  ): NonNullable<EpochMetrics['cluster']> {
    const total = stepSeconds.reduce((sum, seconds) => sum + seconds, 0);
    const workers = places.map((place) => {
      const now = { ...place.work };
      const before = this.#before.get(place) ?? { busySeconds: 0, solves: 0, bytes: 0 };
      this.#before.set(place, now);
      return {
        worker: place.offer.id,
        busy: total === 0 ? 0 : (now.busySeconds - before.busySeconds) / total,
        solves: now.solves - before.solves,
        bytes: now.bytes - before.bytes,
      };
    });
    return { stepSeconds: total / Math.max(1, stepSeconds.length), predictedSeconds, workers };
  }
}
