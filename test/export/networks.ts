import type { Matrix } from '#core/matrix.js';
import type { Chosen, TransferFunction } from '#core/parts/part.js';
import { transferFunctions } from '#core/parts/transfer.js';
import { randomStream, type RandomStream } from '#core/random.js';
import { forwardRoutine } from '#core/sweep.js';
import type { TrainedNetwork } from '#core/trained-network.js';
import type { Engine } from '#engine/engine.js';
import { expect } from 'vitest';

type ArrayType = typeof Float32Array | typeof Float64Array;

/** What the engines' parameters come in. */
export const precisions: readonly { name: string; array: ArrayType }[] = [
  { name: 'float32', array: Float32Array },
  { name: 'float64', array: Float64Array },
];

/** Every built-in transfer function; hyperparameters other than the defaults. */
export const allTransfers: readonly Chosen<TransferFunction>[] = transferFunctions.map((part) => ({
  part,
  h: part.name === 'leaky_relu' ? { slope: 0.35 } : {},
}));

export const transferNamed = (name: string): Chosen<TransferFunction> =>
  allTransfers.find(({ part }) => part.name === name)!;

function randomMatrix(
  rows: number,
  columns: number,
  scale: number,
  stream: RandomStream,
  array: ArrayType,
): Matrix {
  const data = new array(rows * columns);
  for (let at = 0; at < data.length; at += 1) data[at] = scale * stream.normal();
  return { rows, columns, data };
}

/** A network with these widths, input first, and a transfer function a layer; numbers follow from the seed. */
export function randomNetwork(
  seed: number,
  widths: readonly number[],
  transfers: readonly Chosen<TransferFunction>[],
  array: ArrayType = Float32Array,
): TrainedNetwork {
  const layers = transfers.map((transfer, index) => {
    const [inputs = 0, units = 0] = widths.slice(index);
    const stream = randomStream(seed, 'layer', index);
    return {
      transfer,
      weights: randomMatrix(inputs, units, 2 / Math.sqrt(inputs), stream, array),
      bias: randomMatrix(1, units, 1, stream, array),
    };
  });
  return { name: 'a "small" nétwork', layers };
}

/** [examples, width], float32. */
export const randomInputs = (seed: number, examples: number, width: number): Matrix =>
  randomMatrix(examples, width, 1, randomStream(seed, 'inputs'), Float32Array);

/** The network's outputs [examples, outputs] on an engine. */
export async function outputsOn(engine: Engine, { layers }: TrainedNetwork, inputs: Matrix): Promise<Matrix> {
  const copy = (matrix: Matrix): Matrix => ({ ...matrix, data: matrix.data.slice() });
  let values = await engine.upload(copy(inputs));
  for (const { transfer, weights, bias } of layers) {
    const { tensors } = await engine.run({
      routine: { ...forwardRoutine(transfer), outputs: ['output'] },
      inputs: {
        inputs: values,
        weights: await engine.upload(copy(weights)),
        bias: await engine.upload(copy(bias)),
      },
    });
    values = tensors['output']!;
  }
  return engine.download(values);
}

/** Expects numbers to be as many as expected and within 1e-5, of the larger ones relatively. */
export function expectClose(actual: ArrayLike<number>, { data }: Matrix): void {
  expect(actual.length).toBe(data.length);
  const worst = Array.from(data, (value, at) => Math.abs(actual[at]! - value) / Math.max(1, Math.abs(value)));
  expect(Math.max(...worst)).toBeLessThan(1e-5);
}
