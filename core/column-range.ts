import type { Matrix } from './matrix.js';
import type { LayerState } from './state.js';

/**
 * A copy of the columns start to end − 1, [rows, end − start].
 * @param taken where to, rows · (end − start) values
 */
export function takeColumns(
  { rows, columns, data }: Matrix,
  start: number,
  end: number,
  taken: Float32Array = new Float32Array(rows * (end - start)),
): Matrix<Float32Array> {
  const width = end - start;
  for (let row = 0; row < rows; row++) {
    taken.set(data.subarray(row * columns + start, row * columns + end), row * width);
  }
  return { rows, columns: width, data: taken };
}

/** Writes a part's columns into the matrix, from column `start` on. */
export function putColumns(matrix: Matrix<Float32Array>, start: number, part: Matrix): void {
  for (let row = 0; row < part.rows; row++) {
    const own = part.data.subarray(row * part.columns, (row + 1) * part.columns);
    matrix.data.set(own, row * matrix.columns + start);
  }
}

const mapMatrices = (
  matrices: LayerState['weightSlots'],
  change: (matrix: Matrix) => Matrix,
): Record<string, Matrix> =>
  Object.fromEntries(Object.entries(matrices).map(([name, matrix]) => [name, change(matrix)]));

/** The state of some of a layer's columns. */
export function stateColumns(state: LayerState, start: number, end: number): LayerState {
  const take = (matrix: Matrix): Matrix => takeColumns(matrix, start, end);
  return {
    weights: take(state.weights),
    bias: take(state.bias),
    weightSlots: mapMatrices(state.weightSlots, take),
    biasSlots: mapMatrices(state.biasSlots, take),
    updates: state.updates,
  };
}

/** Matrices of parts put side by side, by name. */
export function joinColumns(
  parts: readonly { readonly start: number; readonly matrices: Readonly<Record<string, Matrix>> }[],
  columns: number,
): Record<string, Matrix<Float32Array>> {
  const joined: Record<string, Matrix<Float32Array>> = {};
  for (const { start, matrices } of parts) {
    for (const [name, part] of Object.entries(matrices)) {
      joined[name] ??= { rows: part.rows, columns, data: new Float32Array(part.rows * columns) };
      putColumns(joined[name], start, part);
    }
  }
  return joined;
}
