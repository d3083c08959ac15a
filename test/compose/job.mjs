// The job that is trained: drawn from its seed, so that no data set is needed.

const spec = ({ epochs, everySteps }) => `name: compose-test
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
checkpoints: { everySteps: ${everySteps} }
`;

/** To see how fast the machine is. */
export const SHORT = { epochs: 2, spec: spec({ epochs: 2, everySteps: 8 }) };

/** Of an undisturbed job: long enough to be disturbed in four times, on any machine. */
const SECONDS = 50;

/** @param short the record of the short job, once it has ended */
export function longJob({ startedAt, endedAt }) {
  const epochSeconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000 / SHORT.epochs;
  const epochs = Math.min(80, Math.max(5, Math.round(SECONDS / epochSeconds)));
  return { epochs, spec: spec({ epochs, everySteps: epochs }) };
}
