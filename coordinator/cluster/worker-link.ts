import { messageOf } from '../../core/errors/message.js';
import { LocopropError } from '../../core/errors/error.js';
import type { Matrix } from '../../core/matrix.js';
import type { Channel, Receiver } from '../../services/rpc/channel.js';
import type {
  CoordinatorMessage,
  Hello,
  OutgoingTensor,
  TensorHeader,
  WorkerMessage,
} from '../../services/rpc/messages.js';
import { consequenceOf } from '../../services/rpc/refusals.js';
import { deferred } from '../pool/deferred.js';
import { AdaptiveDeadline } from './deadline.js';

type Receive = (header: TensorHeader) => Promise<Matrix<Float32Array>>;
type Answer = Extract<WorkerMessage, { message: 'done' | 'solved' | 'state' }>;

/** A request and what becomes of its answer. */
interface Request {
  readonly expectedMs: number;
  readonly take: (answer: Answer, receive: Receive) => void;
  readonly reject: (error: Error) => void;
}

export interface LinkOptions {
  readonly name: string;
  readonly job: string;
  /** A worker from which nothing came for so long is lost. */
  readonly leaseMs: number;
  readonly onLeaving: (reason: string) => void;
}

/** On a slow link, so many chunks of a matrix take a lease. */
const CHUNKS_A_LEASE = 10;

/** The coordinator's end of a worker's stream: requests and their answers, and whether the worker lives. */
export class WorkerLink implements Receiver<WorkerMessage> {
  readonly hello: Hello;
  readonly #options: LinkOptions;
  readonly #lost = new AbortController();
  readonly #requests = new Map<number, Request>();
  readonly #deadline = new AdaptiveDeadline();
  readonly #ready = deferred<number>();
  #channel: Channel<CoordinatorMessage> | null = null;
  #numbers = 0;
  #lastSeenMs = performance.now();
  #lastBytes = 0;
  #lastTickMs = performance.now();
  /** When the answer to come was begun to be waited for. */
  #waitingSinceMs = 0;
  readonly #timer: NodeJS.Timeout;
  #lossReason = '';

  constructor(hello: Hello, options: LinkOptions) {
    this.hello = hello;
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), options.leaseMs / 10);
  }

  /** Bytes a second of the link, once the worker has measured it. */
  get ready(): Promise<number> {
    return this.#ready.promise;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get bytes(): number {
    return this.#channel ? this.#channel.bytesSent + this.#channel.bytesReceived : 0;
  }

  /** Begins to talk to the worker. */
  open(channel: Channel<CoordinatorMessage>): void {
    this.#channel = channel;
    const { name, job, leaseMs } = this.#options;
    this.send({ message: 'welcome', welcome: { name, job, leaseMs, heartbeatMs: Math.ceil(leaseMs / 5) } });
  }

  readonly onMessage = (message: WorkerMessage, receive: Receive): void => {
    this.#lastSeenMs = performance.now();
    switch (message.message) {
      case 'heartbeat':
        this.#channel?.sendNow({ message: 'heartbeat', heartbeat: { number: message.heartbeat.number } });
        break;
      case 'echo':
        this.send(message);
        break;
      case 'ready':
        this.#channel?.limitChunks((message.ready.bandwidth * this.#options.leaseMs) / 1000 / CHUNKS_A_LEASE);
        this.#ready.resolve(message.ready.bandwidth);
        break;
      case 'leaving':
        this.#options.onLeaving(message.leaving.reason);
        break;
      case 'done':
        this.#answered(message.done.request, message, receive);
        break;
      case 'solved':
        this.#answered(message.solved.request, message, receive);
        break;
      case 'state':
        this.#answered(message.state.request, message, receive);
        break;
      case 'refused': {
        const { request, code, reason } = message.refused;
        const { elsewhere, stays } = consequenceOf(code);
        const details = { worker: this.#options.name, code, reason, elsewhere };
        const error = new LocopropError('CLUSTER_WORKER_REFUSED', details);
        this.#requests.get(request)?.reject(error);
        this.#requests.delete(request);
        if (!stays) this.lose(error.message);
        break;
      }
      case 'hello':
        this.lose('it said hello twice');
    }
  };

  readonly onEnd = (reason: Error | null): void => {
    this.lose(reason?.message ?? 'it ended the connection');
  };

  /** Sends a message that has no answer. */
  send(message: CoordinatorMessage): void {
    this.#channel?.send(message).catch((error: unknown) => this.lose(messageOf(error)));
  }

  /** A header for a matrix of the next request. */
  outgoing(
    matrix: Matrix<Float32Array>,
    wire: 'f32' | 'bf16',
    columns?: readonly [number, number],
  ): OutgoingTensor {
    this.lost.throwIfAborted();
    const type = wire === 'bf16' ? 'ELEMENT_TYPE_BF16' : 'ELEMENT_TYPE_F32';
    return this.#channel!.outgoing(matrix, type, columns);
  }

  /**
   * Sends a request.
   * @param expectedMs how long the answer should take
   * @param take begins to receive what the answer announces, at once
   * @param onSent told once all of it was handed to the socket
   */
  request<Result>(
    message: (request: number) => CoordinatorMessage,
    tensors: readonly OutgoingTensor[],
    expectedMs: number,
    take: (answer: Answer, receive: Receive) => Promise<Result> | Result,
    onSent: () => void = () => undefined,
  ): Promise<Result> {
    this.lost.throwIfAborted();
    const number = ++this.#numbers;
    return new Promise<Result>((resolve, reject) => {
      if (this.#requests.size === 0) this.#waitingSinceMs = performance.now();
      this.#requests.set(number, {
        expectedMs,
        reject,
        take: (answer, receive) => {
          // What does not fit the request is an error of the worker, which then is not to be trusted.
          const taken = new Promise<Result>((settle) => settle(take(answer, receive)));
          taken.then(resolve, (error: unknown) => {
            this.lose(messageOf(error));
            reject(this.#lossOf(messageOf(error)));
          });
        },
      });
      this.#channel!.send(message(number), tensors).then(onSent, (error: unknown) =>
        this.lose(messageOf(error)),
      );
    });
  }

  /** Ends the connection in good order. */
  end(reason: string, runEnded: boolean): void {
    if (this.lost.aborted) return;
    this.send({ message: 'goodbye', goodbye: { reason, runEnded } });
    this.#channel?.close();
    this.#finish(reason);
  }

  /** Gives the worker up. */
  lose(reason: string): void {
    if (this.lost.aborted) return;
    this.#channel?.close(this.#lossOf(reason));
    this.#finish(reason);
  }

  /** Why it was lost, or let go. */
  get lossReason(): string {
    return this.#lossReason;
  }

  #finish(reason: string): void {
    this.#lossReason = reason;
    const error = this.#lossOf(reason);
    clearInterval(this.#timer);
    this.#ready.reject(error);
    for (const { reject } of this.#requests.values()) reject(error);
    this.#requests.clear();
    this.#lost.abort(error);
  }

  #lossOf(reason: string): LocopropError {
    return new LocopropError('CLUSTER_WORKER_LOST', { worker: this.#options.name, reason });
  }

  #answered(number: number, answer: Answer, receive: Receive): void {
    const request = this.#requests.get(number);
    // Late, or a second time: what was asked for has long been had.
    if (!request) return;
    this.#requests.delete(number);
    const nowMs = performance.now();
    this.#deadline.add(nowMs - this.#waitingSinceMs, request.expectedMs);
    this.#waitingSinceMs = nowMs;
    request.take(answer, receive);
  }

  #tick(): void {
    const nowMs = performance.now();
    const { leaseMs } = this.#options;
    // This process was stopped or busy: what has come meanwhile is still to be read.
    if (nowMs - this.#lastTickMs > leaseMs / 2) {
      this.#lastSeenMs = nowMs;
      this.#waitingSinceMs = nowMs;
    }
    this.#lastTickMs = nowMs;
    // A heartbeat may wait behind a chunk on a slow link.
    const received = this.#channel?.bytesReceived ?? 0;
    if (received !== this.#lastBytes) this.#lastSeenMs = nowMs;
    this.#lastBytes = received;
    if (nowMs - this.#lastSeenMs > leaseMs) {
      this.lose(`nothing came from it for ${(leaseMs / 1000).toFixed(1)} s`);
      return;
    }
    if (this.#requests.size === 0) return;
    const expectedMs = Math.max(...Array.from(this.#requests.values(), (request) => request.expectedMs));
    const allowedMs = this.#deadline.of(expectedMs);
    const waitedMs = nowMs - this.#waitingSinceMs;
    if (waitedMs > allowedMs) {
      this.lose(
        `no answer for ${(waitedMs / 1000).toFixed(1)} s, where ${(expectedMs / 1000).toFixed(1)} s were expected`,
      );
    }
  }
}

export type { Answer, Receive };
