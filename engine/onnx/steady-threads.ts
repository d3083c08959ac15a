/** A product of [rows, inner] and [inner, columns]. */
export interface Product {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/*
 * How ONNX Runtime multiplies (onnxruntime/core/mlas/lib/sgemm.cpp): a product that is wider than tall is
 * shared among threads by columns, 16 together, any other by rows. And a thread adds up 128 terms at a time,
 * but for a share of up to 64 columns more of them, which rounds otherwise.
 */
const TERMS = 128;
export const COLUMNS_TOGETHER = 16;
const NARROW = 64;

/** Of parts that have so many columns on average, each rounded to COLUMNS_TOGETHER, none is narrow. */
export const LEAST_PART = NARROW + COLUMNS_TOGETHER;

/** At most so many threads that no product's bits depend on how many they are. */
export function steadyThreads(products: readonly Product[], threads: number): number {
  let count = threads;
  while (count > 1 && !products.every((product) => isSteady(product, count))) count--;
  return count;
}

function isSteady({ rows, inner, columns }: Product, threads: number): boolean {
  if (columns <= rows || inner <= TERMS) return true;
  const leastShare = COLUMNS_TOGETHER * Math.floor(Math.ceil(columns / COLUMNS_TOGETHER) / threads);
  return leastShare > NARROW;
}
