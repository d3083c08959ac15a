/** A dense row-major matrix; a vector of n entries is 1 × n. */
export interface Matrix<Data extends Float32Array | Float64Array = Float32Array | Float64Array> {
  readonly rows: number;
  readonly columns: number;
  /** rows · columns values, row after row. */
  readonly data: Data;
}

/** The matrix in float32; with the same data where it is that already. */
export const inFloat32 = ({ rows, columns, data }: Matrix): Matrix<Float32Array> => ({
  rows,
  columns,
  data: data instanceof Float32Array ? data : Float32Array.from(data),
});

/** The numbers 0 to count − 1, [count, 1]. */
export const positionsBelow = (count: number): Matrix => ({
  rows: count,
  columns: 1,
  data: Float64Array.from({ length: count }, (_, position) => position),
});
