import type { Shape } from '../../core/expression/shapes.js';
import { inFloat32, type Matrix } from '../../core/matrix.js';
import type { BackendTensor } from '../backend.js';
import type { TfTensor, Tfjs } from './library.js';

/** A matrix in TensorFlow.js. */
export interface TfjsTensor extends BackendTensor {
  readonly tensor: TfTensor;
}

export const shapeOf = ({ shape: [rows = 1, columns = 1] }: TfTensor): Shape => [rows, columns];

export const wrap = (tensor: TfTensor): TfjsTensor => ({ shape: shapeOf(tensor), tensor });

export function upload(tf: Tfjs, matrix: Matrix): TfjsTensor {
  const { rows, columns, data } = inFloat32(matrix);
  return wrap(tf.tensor2d(data, [rows, columns]));
}

/** A copy. */
export const download = ({ shape, tensor }: TfjsTensor): Matrix => ({
  rows: shape[0],
  columns: shape[1],
  data: new Float32Array(tensor.dataSync()),
});
