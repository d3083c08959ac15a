import { MAX_WAITING_BYTES, MAX_WAITING_MESSAGES } from './limits.js';
import type { OutgoingTensor } from './messages.js';
import { type ChunkBuffer, OutgoingChunks } from './outgoing-chunks.js';

interface Job {
  /** Null once it was taken. */
  message: Buffer | null;
  readonly tensors: OutgoingChunks[];
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** One message of the stream. */
export interface Frame {
  readonly bytes: Buffer;
  /** Bytes of entries in it. */
  readonly entries: number;
  /** To be called once the socket has it. */
  readonly onSent: () => void;
}

/** What waits to be sent, in order. */
export class Outbox {
  readonly #urgent: Buffer[] = [];
  readonly #waiting: Job[] = [];
  /** Those above, and those of which something is on its way to the socket. */
  readonly #unsent = new Set<Job>();
  /** Of messages, without their matrices. */
  #waitingBytes = 0;

  get empty(): boolean {
    return this.#urgent.length === 0 && this.#waiting.length === 0;
  }

  /** Whether the peer takes so little that no more should be added. */
  get full(): boolean {
    const messages = this.#urgent.length + this.#unsent.size;
    return messages >= MAX_WAITING_MESSAGES || this.#waitingBytes >= MAX_WAITING_BYTES;
  }

  add(message: Buffer, tensors: readonly OutgoingTensor[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const chunks = tensors.map((tensor) => new OutgoingChunks(tensor));
      const job: Job = { message, tensors: chunks, resolve, reject };
      this.#waiting.push(job);
      this.#unsent.add(job);
      this.#waitingBytes += message.length;
    });
  }

  addUrgent(message: Buffer): void {
    this.#urgent.push(message);
    this.#waitingBytes += message.length;
  }

  /**
   * The next message of the stream; a chunk lies in the memory of the buffer.
   *
   * @throws RangeError for a matrix that has changed its size
   */
  next(buffer: ChunkBuffer): Frame | null {
    const urgent = this.#urgent.shift();
    if (urgent) {
      this.#waitingBytes -= urgent.length;
      return { bytes: urgent, entries: 0, onSent: () => undefined };
    }
    const job = this.#waiting[0];
    if (!job) return null;
    const { bytes, entries } = this.#nextOf(job, buffer);
    const last = job.tensors.length === 0;
    if (last) this.#waiting.shift();
    return { bytes, entries, onSent: () => this.#sent(job, last) };
  }

  #nextOf(job: Job, buffer: ChunkBuffer): { bytes: Buffer; entries: number } {
    const { message, tensors } = job;
    const [chunks] = tensors;
    if (message || !chunks) {
      this.#waitingBytes -= message?.length ?? 0;
      job.message = null;
      return { bytes: message ?? Buffer.alloc(0), entries: 0 };
    }
    const { message: bytes, length } = chunks.next(buffer);
    if (chunks.done) tensors.shift();
    return { bytes, entries: length };
  }

  #sent(job: Job, last: boolean): void {
    if (!last) return;
    this.#unsent.delete(job);
    job.resolve();
  }

  /** Nothing more is sent. */
  end(reason: Error): void {
    for (const job of this.#unsent) job.reject(reason);
    this.#unsent.clear();
    this.#waiting.length = 0;
    this.#urgent.length = 0;
  }
}
