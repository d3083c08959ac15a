import type { Matrix } from '../core/matrix.js';
import type { Channel } from '../services/rpc/channel.js';
import type {
  CoordinatorMessage,
  Fetch,
  Load,
  OutgoingTensor,
  Settle,
  Solve,
  TensorHeader,
  WorkerMessage,
} from '../services/rpc/messages.js';
import type { RecordEvent } from '../services/telemetry/worker-events.js';
import type { Parts, Receive } from './parts.js';
import { Refusal } from './refusal.js';

export type PartRequest = Extract<
  CoordinatorMessage,
  { readonly message: 'load' | 'solve' | 'settle' | 'fetch' | 'unload' }
>;

export interface ServiceOptions {
  readonly parts: Parts;
  readonly channel: Channel<WorkerMessage>;
  /** The worker's name in the run. */
  readonly worker: string;
  readonly record: RecordEvent;
  /** Called when a request is done with. */
  readonly onDone: () => void;
  /** Called when a request failed with what is no refusal. */
  readonly onFailure: (error: Error) => void;
}

/** Answers a coordinator's requests about parts. */
export class PartService {
  readonly #options: ServiceOptions;
  #inHand = 0;
  #draining = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** Whether there is nothing left to answer for. */
  get idle(): boolean {
    return this.#inHand === 0 && this.#options.parts.count === 0;
  }

  /** From now on, no new parts. */
  drain(): void {
    this.#draining = true;
  }

  handle(request: PartRequest, receive: Receive): void {
    this.#inHand++;
    this.#carryOut(request, receive)
      .catch((error: unknown) => this.#options.onFailure(asError(error)))
      .finally(() => {
        this.#inHand--;
        this.#options.onDone();
      });
  }

  async #carryOut(request: PartRequest, receive: Receive): Promise<void> {
    switch (request.message) {
      case 'load':
        return this.#unlessRefused('load', request.load, () => this.#load(request.load, receive));
      case 'solve':
        return this.#unlessRefused('solve', request.solve, () => this.#solve(request.solve, receive));
      case 'fetch':
        return this.#unlessRefused('fetch', request.fetch, () => this.#fetch(request.fetch));
      case 'settle':
        return this.#settle(request.settle);
      case 'unload':
        return this.#unload(request.unload.part);
    }
  }

  async #unlessRefused(
    request: 'load' | 'solve' | 'fetch',
    { request: number, part, step }: Load | Solve | Fetch,
    work: () => Promise<void>,
  ): Promise<void> {
    const { parts, channel, worker, record } = this.#options;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, message: reason } = error;
      record({ type: 'request.refused', worker, request, code, reason, part, step, ...parts.labelOf(part) });
      await channel.send({ message: 'refused', refused: { request: number, code, reason } });
    }
  }

  async #load(load: Load, receive: Receive): Promise<void> {
    if (this.#draining) throw new Refusal('REFUSAL_CODE_DRAINING', 'the worker is leaving');
    const { parts, channel, worker, record } = this.#options;
    const { request, part, step } = load;
    await parts.load(load, receive);
    const label = parts.labelOf(part);
    if (label) record({ type: 'part.loaded', worker, ...label, step });
    await channel.send({ message: 'done', done: { request } });
  }

  async #solve(solve: Solve, receive: Receive): Promise<void> {
    const { parts, channel, worker, record } = this.#options;
    const { request, part, step, attempt } = solve;
    const label = parts.labelOf(part);
    const { weights, bias, type, ...report } = await parts.solve(solve, receive);
    const { seconds, finite, repeated } = report;
    if (label) record({ type: 'part.solved', worker, ...label, step, attempt, seconds, finite, repeated });
    const sent = { weights: channel.outgoing(weights, type), bias: channel.outgoing(bias, type) };
    const headers = { weights: sent.weights.header, bias: sent.bias.header };
    const solved = { request, ...headers, ...report };
    await channel.send({ message: 'solved', solved }, [sent.weights, sent.bias]);
  }

  async #fetch(fetch: Fetch): Promise<void> {
    const { parts, channel } = this.#options;
    const { request, step } = fetch;
    const { updates, ...slots } = await parts.fetch(fetch);
    const tensors: OutgoingTensor[] = [];
    const headersOf = (matrices: Readonly<Record<string, Matrix<Float32Array>>>) => {
      const headers: Record<string, TensorHeader> = {};
      for (const [slot, matrix] of Object.entries(matrices)) {
        const tensor = channel.outgoing(matrix, 'ELEMENT_TYPE_F32');
        tensors.push(tensor);
        headers[slot] = tensor.header;
      }
      return headers;
    };
    const weightSlots = headersOf(slots.weightSlots);
    const biasSlots = headersOf(slots.biasSlots);
    await channel.send(
      { message: 'state', state: { request, step, updates, weightSlots, biasSlots } },
      tensors,
    );
  }

  async #settle(settle: Settle): Promise<void> {
    const { parts, worker, record } = this.#options;
    const { part, step } = settle;
    const label = parts.labelOf(part);
    const settlement = await parts.settle(settle);
    if (settlement === 'impossible') record({ type: 'settle.impossible', worker, part, step, ...label });
  }

  async #unload(part: number): Promise<void> {
    const { parts, worker, record } = this.#options;
    const label = parts.labelOf(part);
    await parts.unload(part);
    if (label) record({ type: 'part.unloaded', worker, ...label });
  }
}

export const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));
