import { LocopropError } from '../core/errors/error.js';
import { historyOf, partBytes } from '../core/part-memory.js';
import type { Matrix } from '../core/matrix.js';
import type { LayerState } from '../core/state.js';
import type { Engine } from '../engine/engine.js';
import type { Fetch, Load, Settle, Solve, TensorHeader } from '../services/rpc/messages.js';
import type { PartLabel } from '../services/telemetry/worker-events.js';
import { headersOfSolve, shapeOfLoad, type PartShape } from './part-shape.js';
import type { Programs } from './programs.js';
import { invalid, Refusal } from './refusal.js';
import {
  ResidentPart,
  type Answer,
  type PartPlan,
  type Settlement,
  type SlotState,
} from './resident-part.js';
import { Sequence } from './sequence.js';

/** Takes memory for a matrix that is announced; see Receiver. */
export type Receive = (header: TensorHeader) => Promise<Matrix<Float32Array>>;

export interface PartsOptions {
  readonly programs: Programs;
  /** Bytes that all parts may take. */
  readonly memoryBytes: number;
  /** How long the engine may go on with a computation that nobody waits for any more. */
  readonly patienceMs?: number | undefined;
}

/** A coordinator has given a worker up by a deadline long before. */
const PATIENCE_MS = 60_000;
/** Or so many times the longest solve so far. */
const PATIENCE_FACTOR = 10;

interface Resident {
  readonly part: ResidentPart;
  readonly shape: PartShape;
}

/**
 * The parts that live here for one coordinator. All methods check a request, and take memory for its
 * matrices, before they return; then they carry it out. What cannot be done is a Refusal.
 */
export class Parts {
  readonly #engine: Engine;
  readonly #options: PartsOptions;
  readonly #turns = new Sequence();
  readonly #residents = new Map<number, Resident>();
  #busySeconds = 0;
  #longestSeconds = 0;
  #solves = 0;

  constructor(engine: Engine, options: PartsOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  get count(): number {
    return this.#residents.size;
  }

  /** Set aside for the parts that are here. One that is being unloaded does not count any more. */
  get residentBytes(): number {
    let bytes = 0;
    for (const { part } of this.#residents.values()) bytes += part.plan.bytes;
    return bytes;
  }

  /** In which the engine was solving. */
  get busySeconds(): number {
    return this.#busySeconds;
  }

  /** Local problems solved. */
  get solves(): number {
    return this.#solves;
  }

  /** Undefined where the part is not here. */
  labelOf(part: number): PartLabel | undefined {
    return this.#residents.get(part)?.part.plan.label;
  }

  async load(load: Load, receive: Receive): Promise<void> {
    const { part: key } = load;
    if (this.#residents.has(key)) throw invalid(`part ${key} is here already`);
    const shape = shapeOfLoad(load);
    const part = new ResidentPart(this.#engine, this.#plan(load, shape), this.#turns);
    this.#residents.set(key, { part, shape });
    try {
      await this.#onEngine(part.load(receiveState(load, receive)));
    } catch (error) {
      if (this.#residents.get(key)?.part === part) this.#residents.delete(key);
      throw error;
    }
  }

  async solve(solve: Solve, receive: Receive): Promise<Answer> {
    const { part, shape } = this.#resident(solve.part);
    const headers = headersOfSolve(solve, shape);
    const problem = resolved({
      inputs: receive(headers.inputs),
      displacement: receive(headers.displacement),
    });
    const answer = await this.#onEngine(part.solve(solve, problem));
    if (!answer.repeated) {
      this.#busySeconds += answer.seconds;
      this.#longestSeconds = Math.max(this.#longestSeconds, answer.seconds);
      this.#solves++;
    }
    return answer;
  }

  async settle({ part: key, ...request }: Settle): Promise<Settlement> {
    const resident = this.#residents.get(key);
    return resident ? resident.part.settle(request) : 'impossible';
  }

  async fetch({ part: key, step }: Fetch): Promise<SlotState> {
    return this.#onEngine(this.#resident(key).part.slots(step));
  }

  async unload(key: number): Promise<void> {
    const resident = this.#residents.get(key);
    this.#residents.delete(key);
    await resident?.part.unload();
  }

  /**
   * Unloads all; resolves once nothing of them is left on the engine. One that does not come back from a
   * computation is given up.
   */
  async close(): Promise<void> {
    const { patienceMs = PATIENCE_MS } = this.#options;
    const limitMs = Math.max(patienceMs, PATIENCE_FACTOR * 1000 * this.#longestSeconds);
    const reason = `a computation went on for ${(limitMs / 1000).toFixed()} s after nobody waited for it any more`;
    const timer = setTimeout(() => this.#engine.abandon(reason), limitMs);
    await Promise.all([...this.#residents.keys()].map((key) => this.unload(key)));
    clearTimeout(timer);
  }

  #plan(load: Load, shape: PartShape): PartPlan {
    const { layer, start, end, exact, step, resultType } = load;
    const label = { layer: layer + 1, start, end };
    const program = this.#options.programs.programOf(load, shape);
    const { inputs, units, batch } = shape;
    const slots = shape.slots.length;
    const history = historyOf(program.routine, slots);
    const layerMemory = { inputs, slots, solver: exact ? 'exact' : 'iterative', history } as const;
    const bytes = partBytes(layerMemory, units, batch);
    const free = this.#options.memoryBytes - this.residentBytes;
    if (bytes > free) {
      const reason = `the part needs ${bytes} bytes, and ${free} bytes are free`;
      throw new Refusal('REFUSAL_CODE_MEMORY_EXCEEDED', reason);
    }
    return { label, program, step, resultType, bytes };
  }

  #resident(key: number): Resident {
    const resident = this.#residents.get(key);
    if (resident) return resident;
    throw new Refusal('REFUSAL_CODE_PART_UNKNOWN', `part ${key} is not here`);
  }

  /** A call that fails is refused, and the engine goes on; an engine that is lost takes the worker with it. */
  async #onEngine<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof LocopropError) || error.code !== 'ENGINE_CALL_FAILED') throw error;
      throw new Refusal('REFUSAL_CODE_ENGINE_FAILED', error.message, { cause: error });
    }
  }
}

function receiveState(load: Load, receive: Receive): Promise<LayerState> {
  const receiveAll = (headers: Load['weightSlots']): Promise<Record<string, Matrix<Float32Array>>> =>
    resolved(Object.fromEntries(Object.entries(headers).map(([slot, header]) => [slot, receive(header)])));
  return resolved({
    weights: receive(load.weights!),
    bias: receive(load.bias!),
    weightSlots: receiveAll(load.weightSlots),
    biasSlots: receiveAll(load.biasSlots),
    updates: Promise.resolve(load.updates),
  });
}

/** The values of a record of promises; fails as soon as one of them does. */
async function resolved<Values extends object>(promises: {
  readonly [Name in keyof Values]: Promise<Values[Name]>;
}): Promise<Values> {
  const entries = Object.entries<Promise<unknown>>(promises).map(async ([name, promise]) => [
    name,
    await promise,
  ]);
  return Object.fromEntries(await Promise.all(entries)) as Values;
}
