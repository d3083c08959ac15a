/**
 * A tensor of a safetensors file (https://github.com/huggingface/safetensors, README, "Format").
 * Its numbers are little-endian in the file and in the memory of every processor that Node.js
 * supports today but IBM Z, so bytes and numbers are two views of the same memory.
 */
export interface SafeTensor {
  readonly shape: readonly number[];
  /** As many numbers as the product of the shape, last dimension fastest. */
  readonly data: Float32Array | Float64Array;
}

/** The types of number that are read and written, with their arrays. */
export const arrayTypes = { F32: Float32Array, F64: Float64Array } as const;

export type TensorType = keyof typeof arrayTypes;

export const typeOf = (data: Float32Array | Float64Array): TensorType =>
  data instanceof Float64Array ? 'F64' : 'F32';

/** Bytes of the length field in front of the header. */
export const LENGTH_BYTES = 8;

/** The entry of the header that holds texts instead of a tensor. */
export const METADATA_KEY = '__metadata__';
