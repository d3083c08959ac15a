/** How the learning rate changes within a local problem. */
export type LocalSchedule = 'linear' | 'constant';

/**
 * The factor of local iteration k = 0 … K − 1: max(1 − k/K, ¼) as in the authors' notebook, or 1.
 */
export const localFactor = (schedule: LocalSchedule, k: number, iterations: number): number =>
  schedule === 'linear' ? Math.max(1 - k / iterations, 0.25) : 1;

/** How the learning rate changes over the epochs of a run. */
export type EpochSchedule =
  | { readonly name: 'notebook'; readonly warmupEpochs: number }
  | { readonly name: 'constant' }
  | { readonly name: 'cosine'; readonly warmupEpochs: number; readonly floor: number }
  | { readonly name: 'step'; readonly everyEpochs: number; readonly factor: number };

/**
 * The factor of epoch e = 0 … epochs − 1.
 *
 * notebook: e/w in the w warm-up epochs (so the first changes no weight), then
 * 1 − (e + 1 − w)/(epochs − w). cosine: a linear warm-up of (e + 1)/w, then half a cosine from 1 to
 * `floor` (Loshchilov and Hutter, 2017, eq. 5). step: `factor` to the power of ⌊e/everyEpochs⌋.
 */
export function epochFactor(schedule: EpochSchedule, epoch: number, epochs: number): number {
  switch (schedule.name) {
    case 'constant':
      return 1;
    case 'step':
      return schedule.factor ** Math.floor(epoch / schedule.everyEpochs);
    case 'notebook': {
      const { warmupEpochs } = schedule;
      return epoch < warmupEpochs
        ? epoch / warmupEpochs
        : 1 - (epoch + 1 - warmupEpochs) / Math.max(epochs - warmupEpochs, 1);
    }
    case 'cosine': {
      const { warmupEpochs, floor } = schedule;
      if (epoch < warmupEpochs) return (epoch + 1) / warmupEpochs;
      const progress = (epoch - warmupEpochs) / Math.max(epochs - warmupEpochs, 1);
      return floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress));
    }
  }
}
