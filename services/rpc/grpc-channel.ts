import { LocopropError } from '../../core/errors/error.js';
import type { Matrix } from '../../core/matrix.js';
import type { Channel, Receiver } from './channel.js';
import { IncomingTensors } from './incoming-tensors.js';
import { CHUNK_BYTES, CLOSING_MS, MIN_CHUNK_BYTES } from './limits.js';
import type {
  CoordinatorMessage,
  ElementType,
  OutgoingTensor,
  TensorHeader,
  WorkerMessage,
} from './messages.js';
import { Outbox } from './outbox.js';
import { ChunkBuffer, requireWhole } from './outgoing-chunks.js';
import { asLocoprop, errorOfPeer } from './status.js';
import { closed, type StreamEnd } from './stream-end.js';
import { headersOf } from './tensor-headers.js';
import { reasonOf } from './text.js';

type Message = WorkerMessage | CoordinatorMessage;

/** Messages on their way to the socket: while one is written, the next is made. */
const IN_FLIGHT = 2;

/** A channel over one end of a stream; what comes goes to the receiver from now on. */
export const createChannel = <Out extends Message, In extends Message>(
  end: StreamEnd<Out, In>,
  receiver: Receiver<In>,
): Channel<Out> => new GrpcChannel(end, receiver);

class GrpcChannel<Out extends Message, In extends Message> implements Channel<Out> {
  readonly #outbox = new Outbox();
  readonly #incoming: IncomingTensors;
  readonly #buffers = Array.from({ length: IN_FLIGHT }, () => new ChunkBuffer());
  readonly #free = [...this.#buffers];
  #nextId = 1;
  #bytesSent = 0;
  /** open: both ways; closing: sends what waits; closed: has sent its end; ended: is over. */
  #state: 'open' | 'closing' | 'closed' | 'ended' = 'open';

  constructor(
    private readonly end: StreamEnd<Out, In>,
    private readonly receiver: Receiver<In>,
  ) {
    const { stream, peer } = end;
    this.#incoming = new IncomingTensors(peer);
    const lost = (): void => this.#finish(this.#state === 'closed' ? null : closed(peer, 'it was lost'));
    stream.on('error', (cause: Error) => this.#finish(end.errorOf(cause)));
    stream.on('end', () => this.#peerEnded());
    stream.on('cancelled', lost);
    stream.on('close', lost);
    stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    if (stream.destroyed) queueMicrotask(lost);
    else stream.resume();
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  get bytesReceived(): number {
    return this.#incoming.bytesReceived;
  }

  outgoing(
    matrix: Matrix<Float32Array>,
    type: ElementType,
    columns?: readonly [number, number],
  ): OutgoingTensor {
    const [start, end] = columns ?? [0, matrix.columns];
    const header: TensorHeader = { id: this.#nextId++, rows: matrix.rows, columns: end - start, type };
    const tensor = { header, matrix, ...(columns && { columns }) };
    requireWhole(tensor);
    return tensor;
  }

  async send(message: Out, tensors: readonly OutgoingTensor[] = []): Promise<void> {
    const ids = (headers: readonly TensorHeader[]): string => String(headers.map(({ id }) => id).sort());
    if (ids(headersOf(message)) !== ids(tensors.map(({ header }) => header))) {
      throw new RangeError(`the matrices of a ${message.message} are not those it has headers of`);
    }
    const bytes = this.end.codec.encode(message);
    if (!this.#takes()) throw closed(this.end.peer, 'nothing more can be sent');
    const sent = this.#outbox.add(bytes, tensors);
    this.#pump();
    await sent;
  }

  sendNow(message: Out): void {
    if (!this.#takes()) return;
    this.#outbox.addUrgent(this.end.codec.encode(message));
    this.#pump();
  }

  limitChunks(bytes: number): void {
    // Whole entries of either type.
    const limit = 4 * Math.floor(Math.min(CHUNK_BYTES, Math.max(MIN_CHUNK_BYTES, bytes)) / 4);
    for (const buffer of this.#buffers) buffer.chunkBytes = limit;
  }

  close(error?: Error): void {
    if (error) {
      if (this.#state === 'ended') return;
      // What telling the peer makes the stream say is then no news.
      this.#finish(error);
      this.end.fail(asLocoprop(error, this.end.peer));
    } else if (this.#state === 'open') {
      this.#state = 'closing';
      this.#pump();
    }
  }

  #takes(): boolean {
    if (this.#state === 'open' && this.#outbox.full) {
      this.close(closed(this.end.peer, 'it takes too little of what is sent'));
    }
    return this.#state === 'open';
  }

  #pump(): void {
    const { stream } = this.end;
    while (this.#state === 'open' || this.#state === 'closing') {
      const buffer = this.#free.pop();
      if (!buffer) return;
      const frame = this.#frame(buffer);
      if (!frame) {
        this.#free.push(buffer);
        break;
      }
      this.#bytesSent += frame.entries;
      stream.write(frame.bytes, () => {
        // A failure is the stream's, which says so itself.
        this.#free.push(buffer);
        frame.onSent();
        this.#pump();
      });
    }
    if (this.#state === 'closing' && this.#outbox.empty && this.#free.length === IN_FLIGHT) {
      this.#state = 'closed';
      stream.end();
      this.#abandonLater();
    }
  }

  #frame(buffer: ChunkBuffer): ReturnType<Outbox['next']> {
    try {
      return this.#outbox.next(buffer);
    } catch (cause) {
      this.close(cause instanceof Error ? cause : new Error(reasonOf(cause)));
      return null;
    }
  }

  #receive(bytes: Buffer): void {
    if (this.#state === 'ended') return;
    try {
      this.#dispatch(bytes);
    } catch (cause) {
      this.close(cause instanceof Error ? cause : new Error(reasonOf(cause)));
    }
  }

  #dispatch(bytes: Buffer): void {
    const { peer } = this.end;
    const message = this.#decode(bytes);
    if (!message) {
      throw new LocopropError('CLUSTER_PEER_INVALID', { peer, reason: 'it sent an unknown message' });
    }
    if (message.message === 'chunk') {
      this.#incoming.add(message.chunk);
    } else if (message.message === 'fault') {
      this.#finish(errorOfPeer(message.fault.code, message.fault.message, peer));
      this.end.stream.end();
    } else {
      this.#deliver(message);
    }
  }

  #deliver(message: In): void {
    this.#incoming.announce(headersOf(message));
    let returned = false;
    this.receiver.onMessage(message, (header) =>
      returned
        ? Promise.reject(new RangeError(`matrix ${header.id} is taken too late`))
        : this.#incoming.take(header),
    );
    returned = true;
  }

  #decode(bytes: Buffer): ReturnType<StreamEnd<Out, In>['codec']['decode']> {
    try {
      return this.end.codec.decode(bytes);
    } catch (cause) {
      const reason = `it sent no valid message: ${reasonOf(cause)}`;
      throw new LocopropError('CLUSTER_PEER_INVALID', { peer: this.end.peer, reason }, { cause });
    }
  }

  #peerEnded(): void {
    const { peer, stream } = this.end;
    const broken = this.#incoming.waiting;
    this.#finish(broken ? closed(peer, 'it ended in the middle of a matrix') : null);
    stream.end();
  }

  #finish(reason: Error | null): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#outbox.end(closed(this.end.peer, reason?.message ?? 'the stream was ended', reason));
    this.#incoming.end(reason ?? closed(this.end.peer, 'the stream was ended'));
    this.#abandonLater();
    this.receiver.onEnd(reason);
  }

  #abandonLater(): void {
    const { stream } = this.end;
    if (stream.destroyed) return;
    const timer = setTimeout(() => this.end.abandon(), CLOSING_MS).unref();
    for (const over of ['status', 'close']) stream.once(over, () => clearTimeout(timer));
  }
}
