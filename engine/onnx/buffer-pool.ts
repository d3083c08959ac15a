/**
 * Buffers of released tensors, for the next results of the same size: fresh memory costs a page fault
 * every 4 KiB, and the garbage collector frees it late. Of each size it keeps no more than it has lent at once:
 * what callers upload comes to it too, with every batch, and would pile up.
 */
export class BufferPool {
  readonly #free = new Map<number, Float32Array[]>();
  /** By size, how many were taken and not given back. */
  readonly #lent = new Map<number, number>();
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes = 256 * 2 ** 20) {
    this.#limitBytes = limitBytes;
  }

  /** A buffer of `length` floats with any contents. */
  take(length: number): Float32Array {
    this.#lent.set(length, this.#lentOf(length) + 1);
    const buffer = this.#free.get(length)?.pop();
    if (!buffer) return new Float32Array(length);
    this.#bytes -= buffer.byteLength;
    return buffer;
  }

  /** Takes a buffer that nothing reads any more, one of its own or another. */
  give(buffer: Float32Array): void {
    const lent = this.#lentOf(buffer.length);
    if (lent > 0) this.#lent.set(buffer.length, lent - 1);
    if (lent === 0 || this.#bytes + buffer.byteLength > this.#limitBytes) {
      giveBack(buffer.buffer);
      return;
    }
    this.#bytes += buffer.byteLength;
    const free = this.#free.get(buffer.length);
    if (free) free.push(buffer);
    else this.#free.set(buffer.length, [buffer]);
  }

  #lentOf(length: number): number {
    return this.#lent.get(length) ?? 0;
  }
}

/** Frees memory at once, by sending it to nobody: the garbage collector may leave gigabytes lying for long. */
function giveBack(memory: ArrayBufferLike): void {
  const { port1, port2 } = new MessageChannel();
  if (memory instanceof ArrayBuffer) port1.postMessage(null, [memory]);
  // The receiver's end: what waits there goes with it.
  port2.close();
}
