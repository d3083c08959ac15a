import { stateColumns, takeColumns } from '../../core/column-range.js';
import type { Matrix } from '../../core/matrix.js';
import type { LayerState } from '../../core/state.js';
import type { Engine, Tensor } from '../../engine/engine.js';
import { layerTensors, uploadLayer, type LayerTensors } from '../../engine/layer-tensors.js';
import { solveProblem } from '../../engine/solve.js';
import { addDifferences, differencesOf, roundToBfloat16 } from '../../services/rpc/bfloat16.js';
import type { PlaceOffer } from '../planner/plan.js';
import type { PartProblem, PartRule, PartSlots, PartSolution, Place, ResidentPart } from './place.js';

type Floats = Matrix<Float32Array>;

/** An engine of this process as a place: the coordinator's own. */
export class EnginePlace implements Place {
  leaving = false;
  readonly lost: AbortSignal;
  readonly offer: PlaceOffer;
  readonly work = { busySeconds: 0, solves: 0, bytes: 0 };
  readonly #engine: Engine;

  /** @param lost never aborted but by the engine's owner, once it is closed */
  constructor(engine: Engine, offer: PlaceOffer, lost: AbortSignal = new AbortController().signal) {
    this.#engine = engine;
    this.offer = offer;
    this.lost = lost;
  }

  async load(rule: PartRule, state: LayerState, step: number): Promise<ResidentPart> {
    this.lost.throwIfAborted();
    const { start, end } = rule.columns;
    const own = await uploadLayer(this.#engine, stateColumns(state, start, end));
    return new EnginePart(this.#engine, rule, own, step, (seconds) => {
      this.lost.throwIfAborted();
      this.work.busySeconds += seconds;
      this.work.solves += 1;
    });
  }

  dismiss(): void {
    // The engine is its owner's.
  }
}

class EnginePart implements ResidentPart {
  readonly #engine: Engine;
  readonly #rule: PartRule;
  readonly #onSolved: (seconds: number) => void;
  #state: LayerTensors;
  #solved: LayerTensors | null = null;
  #step: number;

  constructor(
    engine: Engine,
    rule: PartRule,
    state: LayerTensors,
    step: number,
    onSolved: (seconds: number) => void,
  ) {
    this.#engine = engine;
    this.#rule = rule;
    this.#state = state;
    this.#step = step;
    this.#onSolved = onSolved;
  }

  async solve({ step, inputs, displacement, numbers, swept }: PartProblem): Promise<PartSolution> {
    if (step !== this.#step + 1) throw this.#stale(step);
    await swept;
    const { columns, program, wire } = this.#rule;
    const own = takeColumns(displacement, columns.start, columns.end);
    const problem = {
      inputs: await this.#engine.upload(await travelled(copyOf(inputs), wire)),
      displacement: await this.#engine.upload(await travelled(own, wire)),
    };
    const solution = await solveProblem(this.#engine, program, problem, this.#state, numbers);
    this.#engine.release(Object.values(problem));
    this.#drop();
    const { state, ...report } = solution;
    const agreed = wire === 'f32' ? await this.#asItIs(state) : await this.#asDifferences(state);
    this.#solved = agreed.state;
    this.#onSolved(report.seconds);
    return { weights: agreed.weights, bias: agreed.bias, report };
  }

  async #asItIs(state: LayerTensors): Promise<Agreed> {
    const [weights, bias] = [await this.#download(state.weights), await this.#download(state.bias)];
    return { weights, bias, state };
  }

  /** What differs from the state before is rounded, and the state goes on with the rounded difference. */
  async #asDifferences(state: LayerTensors): Promise<Agreed> {
    const rounded = async (name: 'weights' | 'bias'): Promise<{ sent: Floats; kept: Tensor }> => {
      const before = await this.#download(this.#state[name]);
      const sent = await differencesOf(await this.#download(state[name]), before);
      const kept = await this.#engine.upload(await addDifferences(before, sent));
      return { sent, kept };
    };
    const [weights, bias] = [await rounded('weights'), await rounded('bias')];
    this.#engine.release([state.weights, state.bias]);
    const agreed = { ...state, weights: weights.kept, bias: bias.kept };
    return { weights: weights.sent, bias: bias.sent, state: agreed };
  }

  settle(step: number, accepted: boolean): void {
    // What is not settled here, the next request finds out.
    if (step !== this.#step + 1 || (accepted && !this.#solved)) return;
    if (accepted && this.#solved) {
      this.#engine.release(layerTensors(this.#state));
      this.#state = this.#solved;
      this.#solved = null;
    } else {
      this.#drop();
    }
    this.#step = step;
  }

  async fetch(step: number): Promise<PartSlots> {
    if (step !== this.#step) throw this.#stale(step);
    const all = async (slots: LayerTensors['weightSlots']): Promise<Record<string, Matrix>> => {
      const entries = Object.entries(slots).map(async ([slot, tensor]) => [
        slot,
        await this.#engine.download(tensor),
      ]);
      return Object.fromEntries(await Promise.all(entries)) as Record<string, Matrix>;
    };
    const { weightSlots, biasSlots } = this.#state;
    const [weights, bias] = await Promise.all([all(weightSlots), all(biasSlots)]);
    return { weightSlots: weights, biasSlots: bias };
  }

  unload(): void {
    this.#drop();
    this.#engine.release(layerTensors(this.#state));
  }

  #stale(step: number): RangeError {
    const { layer, start, end } = this.#rule.columns;
    const part = `columns ${start} to ${end - 1} of layer ${layer + 1}`;
    return new RangeError(`step ${step} was asked of ${part}, which are at step ${this.#step}`);
  }

  #drop(): void {
    if (this.#solved) this.#engine.release(layerTensors(this.#solved));
    this.#solved = null;
  }

  async #download(tensor: Tensor): Promise<Floats> {
    return (await this.#engine.download(tensor)) as Floats;
  }
}

interface Agreed {
  readonly weights: Floats;
  readonly bias: Floats;
  readonly state: LayerTensors;
}

/** As a matrix is at the other end of a link. */
const travelled = (matrix: Floats, wire: PartRule['wire']): Floats | Promise<Floats> =>
  wire === 'bf16' ? roundToBfloat16(matrix) : matrix;

/** The engine takes over what it is given, and the whole layer's inputs serve other parts too. */
const copyOf = ({ rows, columns, data }: Floats): Floats => ({ rows, columns, data: data.slice() });
