/** A dense row-major matrix; a vector of n entries is 1 × n. */
export interface Matrix<Data extends Float32Array | Float64Array = Float32Array | Float64Array> {
  readonly rows: number;
  readonly columns: number;
  /** rows · columns values, row after row. */
  readonly data: Data;
}
