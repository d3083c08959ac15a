import { batchesInOrder, inputBatch } from '../core/batches.js';
import type { Dataset } from '../core/dataset.js';
import {
  add,
  divide,
  input,
  matmul,
  multiply,
  scalar,
  square,
  subtract,
  sum,
  transpose,
} from '../core/expression/expression.js';
import type { Routine } from '../core/expression/routine.js';
import type { Matrix } from '../core/matrix.js';
import { randomStream } from '../core/random.js';
import type { Engine, Tensor } from '../engine/engine.js';
import { columnsOf, dot, fromColumns, orthonormalized } from './columns.js';

export interface PcaOptions {
  /** k, below the number of features. */
  readonly components: number;
  /** Only the first so many test examples; null for all. */
  readonly testExamples: number | null;
}

/** Examples taken at a time. */
const BATCH_SIZE = 1000;

/** Features above which the covariance, features² numbers, is not formed. */
export const MAX_PCA_FEATURES = 4096;

const MAX_ITERATIONS = 500;
/** The iteration ends when a round captures less than this share more of the variance. */
const SMALLEST_GAIN = 1e-7;
/** Iterations of a round: the gain of a single one may drown in the rounding of float32. */
const ROUND = 20;

const centred = subtract(input('inputs'), input('mean'));

/** total + the sum of the rows of X. */
const totalRoutine: Routine = {
  name: 'pca total',
  setup: { total: add(input('previous'), sum(input('inputs'), 0)) },
  outputs: ['total'],
};

const meanRoutine: Routine = {
  name: 'pca mean',
  setup: { mean: divide(input('total'), scalar('examples')) },
  outputs: ['mean'],
};

/** C + (X − m)ᵀ(X − m)/examples: centred first, for the difference of two large sums would drown in rounding. */
const covarianceRoutine: Routine = {
  name: 'pca covariance',
  setup: {
    covariance: add(input('previous'), matmul(transpose(centred), divide(centred, scalar('examples')))),
  },
  outputs: ['covariance'],
};

const productRoutine: Routine = {
  name: 'pca product',
  setup: { product: matmul(input('covariance'), input('basis')) },
  outputs: ['product'],
};

const projection = matmul(matmul(centred, input('basis')), transpose(input('basis')));

/** ‖(X − m)(I − VVᵀ)‖², as a share. */
const errorRoutine: Routine = {
  name: 'pca error',
  setup: { error: multiply(scalar('share'), sum(square(subtract(centred, projection)), 'all')) },
  outputs: [],
  numbers: ['error'],
};

/**
 * The mean squared error, over examples and features, with which the k principal components of the
 * training inputs reconstruct the test inputs: what the best linear autoencoder with k units reaches.
 *
 * The components span the dominant subspace of the covariance, found by orthogonal iteration (Golub and
 * Van Loan, Matrix Computations, 4th ed., section 8.2.4). The products run on the engine.
 */
export async function pcaTestError(
  engine: Engine,
  train: Dataset,
  test: Dataset,
  { components, testExamples }: PcaOptions,
): Promise<number> {
  const mean = await meanOf(engine, train);
  const covariance = await covarianceOf(engine, train, mean);
  const basis = await engine.upload(await dominantSubspace(engine, covariance, components));
  try {
    const examples = Math.min(testExamples ?? test.examples, test.examples);
    const scalars = { share: 1 / (examples * test.features) };
    let error = 0;
    for await (const inputs of batches(engine, test, examples)) {
      const { numbers } = await engine.run({
        routine: errorRoutine,
        inputs: { inputs, mean, basis },
        scalars,
      });
      error += numbers['error']!;
    }
    return error;
  } finally {
    engine.release([mean, covariance, basis]);
  }
}

/** The inputs on the engine, batch by batch; each is released when the next one is asked for. */
async function* batches(engine: Engine, dataset: Dataset, examples: number): AsyncGenerator<Tensor, void> {
  for (const indices of batchesInOrder(examples, BATCH_SIZE)) {
    const inputs = await engine.upload(inputBatch(dataset, indices));
    try {
      yield inputs;
    } finally {
      engine.release([inputs]);
    }
  }
}

const zeros = (rows: number, columns: number): Matrix => ({
  rows,
  columns,
  data: new Float32Array(rows * columns),
});

/** [1, features] */
async function meanOf(engine: Engine, dataset: Dataset): Promise<Tensor> {
  const { examples, features } = dataset;
  let total = await engine.upload(zeros(1, features));
  for await (const inputs of batches(engine, dataset, examples)) {
    const previous = total;
    const { tensors } = await engine.run({ routine: totalRoutine, inputs: { inputs, previous } });
    engine.release([previous]);
    total = tensors['total']!;
  }
  const { tensors } = await engine.run({ routine: meanRoutine, inputs: { total }, scalars: { examples } });
  engine.release([total]);
  return tensors['mean']!;
}

/** [features, features] */
async function covarianceOf(engine: Engine, dataset: Dataset, mean: Tensor): Promise<Tensor> {
  const { examples, features } = dataset;
  let covariance = await engine.upload(zeros(features, features));
  for await (const inputs of batches(engine, dataset, examples)) {
    const previous = covariance;
    const { tensors } = await engine.run({
      routine: covarianceRoutine,
      inputs: { inputs, mean, previous },
      scalars: { examples },
    });
    engine.release([previous]);
    covariance = tensors['covariance']!;
  }
  return covariance;
}

/** An orthonormal basis [features, components] of the covariance's dominant subspace. */
async function dominantSubspace(
  engine: Engine,
  covariance: Tensor,
  components: number,
): Promise<Matrix<Float64Array>> {
  const features = covariance.rows;
  let basis = await orthonormalized(startingVectors(features, components));
  let captured = 0;
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const product = await timesCovariance(engine, covariance, fromColumns(basis, features));
    if (iteration % ROUND === 0) {
      // The trace of VᵀCV: the variance along the basis.
      const variance = basis.reduce((total, vector, k) => total + dot(vector, product[k]!), 0);
      if (variance - captured <= SMALLEST_GAIN * variance) break;
      captured = variance;
    }
    basis = await orthonormalized(product);
  }
  return fromColumns(basis, features);
}

/** Drawn once and for all, so that the same data give the same components. */
function startingVectors(features: number, components: number): Float64Array[] {
  const stream = randomStream(0, 'pca');
  return Array.from({ length: components }, () => Float64Array.from({ length: features }, stream.normal));
}

async function timesCovariance(
  engine: Engine,
  covariance: Tensor,
  vectors: Matrix<Float64Array>,
): Promise<Float64Array[]> {
  const basis = await engine.upload(vectors);
  const { tensors } = await engine.run({ routine: productRoutine, inputs: { covariance, basis } });
  const product = await engine.download(tensors['product']!);
  engine.release([basis, tensors['product']!]);
  return columnsOf(product);
}
