// The job that is trained: drawn from its seed, so that no data set is needed.

const spec = (epochs) => `name: compose-test
seed: 7
data:
  train: { dataset: curves, examples: 4000 }
  targets: inputs
network:
  layers:
    - { units: 400, transfer: tanh }
    - { units: 200, transfer: tanh }
    - { units: 16, transfer: identity }
    - { units: 200, transfer: tanh }
    - { units: 784, transfer: sigmoid }
  loss: sigmoid_cross_entropy
training: { batchSize: 500, epochs: ${epochs} }
evaluation: { everyEpochs: ${epochs} }
checkpoints: { everySteps: ${epochs} }
`;

/** Seconds that a job has to last undisturbed to be disturbed in four times, and what is aimed at. */
const ENOUGH = 35;
const AIM = 50;

const jobOf = (epochs) => ({ epochs, spec: spec(epochs) });

/** A short job, to see how fast the machine is. */
export const firstJob = () => jobOf(2);

/**
 * The job to train next, for longer; none where the last one took long enough.
 * @param record of the last one, once it has ended
 */
export function longerJob({ epochs }, { startedAt, endedAt }) {
  const seconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  return seconds < ENOUGH ? jobOf(Math.ceil((epochs * AIM) / seconds)) : undefined;
}
