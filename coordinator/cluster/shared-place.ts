import type { LayerState } from '../../core/state.js';
import type { PlaceOffer } from '../planner/plan.js';
import type {
  Columns,
  PartProblem,
  PartRule,
  PartSlots,
  PartSolution,
  Place,
  ResidentPart,
  SolveTimes,
} from './place.js';
import type { SolveHistory } from './solve-history.js';

/** Which columns of whose layers a place holds. */
export type HeldParts = Map<ResidentPart, { readonly job: string; readonly columns: Columns }>;

export interface SharedPlaceOptions {
  /** Who has the parts. */
  readonly job: string;
  /** How many jobs may have parts there: each gets its share of the memory. */
  readonly jobs: number;
  /** Of all jobs together. */
  readonly held: HeldParts;
  /** Of all jobs together. */
  readonly history: SolveHistory;
  /** Told when the job has one part less there. */
  readonly onUnloaded: () => void;
}

/** A place as one of several jobs sees it. */
export class SharedPlace implements Place {
  readonly offer: PlaceOffer;
  readonly #place: Place;
  readonly #options: SharedPlaceOptions;

  constructor(place: Place, options: SharedPlaceOptions) {
    this.#place = place;
    this.#options = options;
    this.offer = { ...place.offer, memoryBytes: Math.floor(place.offer.memoryBytes / options.jobs) };
  }

  get lost(): AbortSignal {
    return this.#place.lost;
  }

  get leaving(): boolean {
    return this.#place.leaving;
  }

  get work(): Place['work'] {
    return this.#place.work;
  }

  async load(rule: PartRule, state: LayerState, step: number): Promise<ResidentPart> {
    const { job, held, history, onUnloaded } = this.#options;
    const { columns } = rule;
    const part = new SharedPart(await this.#place.load(rule, state, step), {
      onSolved: (solved, times) => history.add({ job, step: solved, layer: columns.layer, ...times }),
      onUnloaded: (own) => {
        held.delete(own);
        onUnloaded();
      },
    });
    held.set(part, { job, columns });
    return part;
  }

  /** Other jobs may still have parts there: it is let go once all of them are unloaded. */
  dismiss(): void {
    this.#options.onUnloaded();
  }
}

interface PartListener {
  readonly onSolved: (step: number, times: SolveTimes) => void;
  readonly onUnloaded: (part: ResidentPart) => void;
}

class SharedPart implements ResidentPart {
  readonly #part: ResidentPart;
  readonly #listener: PartListener;

  constructor(part: ResidentPart, listener: PartListener) {
    this.#part = part;
    this.#listener = listener;
  }

  async solve(problem: PartProblem): Promise<PartSolution> {
    const solution = await this.#part.solve(problem);
    if (solution.times) this.#listener.onSolved(problem.step, solution.times);
    return solution;
  }

  settle(step: number, accepted: boolean): void {
    this.#part.settle(step, accepted);
  }

  fetch(step: number): Promise<PartSlots> {
    return this.#part.fetch(step);
  }

  unload(): void {
    this.#part.unload();
    this.#listener.onUnloaded(this);
  }
}
