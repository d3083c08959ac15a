import { crc32 } from 'node:zlib';
import { LocopropError } from '../../core/errors/error.js';
import type { Matrix } from '../../core/matrix.js';
import { fromBfloat16 } from './bfloat16.js';
import { bytesOf, halvesOf } from './float-bytes.js';
import { MAX_CHUNK_BYTES, MAX_OPEN_TENSORS } from './limits.js';
import type { TensorChunk, TensorHeader } from './messages.js';
import { headerProblem, tensorBytes } from './tensor-headers.js';
import { reasonOf } from './text.js';

interface Taker {
  readonly data: Float32Array;
  readonly resolve: (matrix: Matrix<Float32Array>) => void;
  readonly reject: (reason: Error) => void;
}

interface Open {
  readonly header: TensorHeader;
  received: number;
  /** Null until the matrix is taken; then it is passed over. */
  taker: Taker | null;
}

/** The matrices that a peer has announced and not sent to the end. */
export class IncomingTensors {
  readonly #open = new Map<number, Open>();
  #bytesReceived = 0;

  constructor(private readonly peer: string) {}

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /** Whether a matrix that was taken is not whole. */
  get waiting(): boolean {
    return [...this.#open.values()].some(({ taker }) => taker !== null);
  }

  /** @throws CLUSTER_PEER_INVALID */
  announce(headers: readonly TensorHeader[]): void {
    for (const header of headers) {
      const problem = headerProblem(header);
      if (problem !== null) throw this.#invalid(problem);
      if (this.#open.has(header.id)) throw this.#invalid(`it used the id ${header.id} of a matrix twice`);
      this.#open.set(header.id, { header, received: 0, taker: null });
    }
    if (this.#open.size > MAX_OPEN_TENSORS) {
      throw this.#invalid(`it announced ${this.#open.size} matrices and sent none to the end`);
    }
  }

  /**
   * Takes memory for a matrix that was just announced.
   *
   * @returns rejected with CLUSTER_PEER_INVALID where there is no memory for it
   */
  take(header: TensorHeader): Promise<Matrix<Float32Array>> {
    const open = this.#open.get(header.id);
    if (!open || open.taker || open.received > 0) {
      return Promise.reject(new RangeError(`matrix ${header.id} does not wait to be taken`));
    }
    return new Promise((resolve, reject) => {
      try {
        const { rows, columns } = open.header;
        open.taker = { data: new Float32Array(rows * columns), resolve, reject };
      } catch (cause) {
        reject(this.#invalid(`matrix ${header.id} is too large: ${reasonOf(cause)}`, cause));
      }
    });
  }

  /** @throws CLUSTER_PEER_INVALID or CLUSTER_TENSOR_CORRUPT, after which the stream must end */
  add({ id, offset, crc32: checksum, data }: TensorChunk): void {
    const open = this.#open.get(id);
    if (!open) throw this.#invalid(`it sent entries of matrix ${id}, which it did not announce`);
    const total = tensorBytes(open.header);
    if (offset !== open.received) {
      throw this.#corrupt(`matrix ${id} goes on at byte ${offset} instead of ${open.received}`);
    }
    if (data.length < 1 || data.length > MAX_CHUNK_BYTES || offset + data.length > total) {
      throw this.#corrupt(`matrix ${id} of ${total} bytes has a chunk of ${data.length} at byte ${offset}`);
    }
    if (crc32(data) !== checksum) {
      throw this.#corrupt(`the checksum of matrix ${id} is wrong at byte ${offset}`);
    }
    if (open.taker) write(open.taker.data, open.header, offset, data);
    this.#bytesReceived += data.length;
    open.received += data.length;
    if (open.received === total) this.#finish(open);
  }

  #finish({ header: { id, rows, columns }, taker }: Open): void {
    this.#open.delete(id);
    taker?.resolve({ rows, columns, data: taker.data });
  }

  /** Nothing more will come. */
  end(reason: Error): void {
    for (const { taker } of this.#open.values()) taker?.reject(reason);
    this.#open.clear();
  }

  #invalid(reason: string, cause?: unknown): LocopropError {
    return new LocopropError('CLUSTER_PEER_INVALID', { peer: this.peer, reason }, { cause });
  }

  #corrupt(reason: string): LocopropError {
    return new LocopropError('CLUSTER_TENSOR_CORRUPT', { peer: this.peer, reason });
  }
}

function write(target: Float32Array, { type }: TensorHeader, offset: number, data: Uint8Array): void {
  if (type === 'ELEMENT_TYPE_F32') {
    bytesOf(target).set(data, offset);
  } else if (offset % 2 === 0 && data.length % 2 === 0) {
    fromBfloat16(halvesOf(data), target.subarray(offset / 2));
  } else {
    // Another program may cut an entry in two. Its bytes are the upper two of the float's four.
    const bytes = bytesOf(target);
    for (const [index, byte] of data.entries()) {
      const at = offset + index;
      bytes[(at >> 1) * 4 + 2 + (at & 1)] = byte;
    }
  }
}
