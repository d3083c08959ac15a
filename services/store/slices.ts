/** Calls that the main thread must not wait long for are given at most so many bytes at a time. */
const SLICE_BYTES = 1 << 20;

/** The same bytes in views of at most 1 MiB. */
export function* slices(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const chunk of chunks) {
    for (let begin = 0; begin < chunk.length; begin += SLICE_BYTES) {
      yield chunk.subarray(begin, begin + SLICE_BYTES);
    }
  }
}
