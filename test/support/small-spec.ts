/** The spec of a job in which nothing is trained. */
export const SPEC = `
name: small
data:
  train: { dataset: curves, examples: 64 }
network:
  layers: [{ units: 8, transfer: tanh }, { units: 784, transfer: sigmoid }]
  loss: sigmoid_cross_entropy
training: { epochs: 1, batchSize: 32 }
`;
