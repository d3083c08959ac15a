import { inputBatch } from '../../core/batches.js';
import type { Dataset } from '../../core/dataset.js';
import type { Matrix } from '../../core/matrix.js';
import { reconstructionsPng } from '../../services/report/reconstructions.js';
import type { Run } from '../../services/store/run.js';
import { predict, type TrainedNetwork } from '../evaluation.js';

export const RECONSTRUCTIONS_FILE = 'reconstructions.png';

const PICTURES = 20;

const rowOf = ({ columns, data }: Matrix, row: number): Float32Array =>
  Float32Array.from(data.subarray(row * columns, (row + 1) * columns));

/** Draws the first pictures of a data set, each above what an autoencoder makes of it. */
export async function drawReconstructions(
  run: Run,
  trained: TrainedNetwork,
  dataset: Dataset,
  size: NonNullable<Dataset['image']>,
): Promise<void> {
  const indices = Uint32Array.from({ length: Math.min(PICTURES, dataset.examples) }, (_, index) => index);
  const inputs = inputBatch(dataset, indices);
  const outputs = await predict(trained, dataset, indices);
  const examples = Array.from(indices, (_, row) => ({
    input: rowOf(inputs, row),
    output: rowOf(outputs, row),
  }));
  await run.writeFile(RECONSTRUCTIONS_FILE, reconstructionsPng(examples, size));
}
