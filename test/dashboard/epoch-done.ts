import type { RunEventBody } from '#core/events.js';

/** The end of an epoch of ten steps, with two layers. */
export const epochDone = (epoch: number): Extract<RunEventBody, { readonly type: 'epoch.done' }> => ({
  type: 'epoch.done',
  epoch,
  step: 10 * epoch,
  trainLoss: 100 / epoch,
  testLoss: 110 / epoch,
  trainError: 0.1,
  testError: 0.1,
  trainAccuracy: 0.5,
  testAccuracy: null,
  trainSeconds: epoch,
  examplesPerSecond: 1234.5,
  layers: [1, 2].map((layer) => ({
    objectiveBefore: layer / epoch,
    objectiveAfter: layer / epoch / 2,
    largestRise: 0,
    guardRedone: 1,
    guardGaveUp: 0,
  })),
});
