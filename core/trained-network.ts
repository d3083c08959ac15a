import type { Matrix } from './matrix.js';
import type { Chosen, TransferFunction } from './parts/part.js';

type Numbers = Float32Array | Float64Array;

/** What a layer computes once it is trained: Y = f(XW + b). */
export interface TrainedLayer<Data extends Numbers = Numbers> {
  readonly transfer: Chosen<TransferFunction>;
  readonly weights: Matrix<Data>; // [inputs, units]
  readonly bias: Matrix<Data>; // [1, units]
}

/** A network without what only training needs. */
export interface TrainedNetwork<Data extends Numbers = Numbers> {
  readonly name: string;
  /** First layer first, at least one. */
  readonly layers: readonly TrainedLayer<Data>[];
}
