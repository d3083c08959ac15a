import { Stopwatch } from '../stopwatch.js';
import { isLoss } from './loss.js';
import type {
  Columns,
  PartProblem,
  PartRule,
  PartSlots,
  PartSolution,
  Place,
  ResidentPart,
} from './place.js';
import type { RecoveryStart } from './recovery-log.js';
import { metLater } from '../pool/met-later.js';

/** How often a part is put elsewhere in one step before the run gives up. */
const MAX_RECOVERIES = 50;

export interface PartSurroundings {
  /** What the part is loaded with, all of one moment. */
  readonly recoveryStart: () => Promise<RecoveryStart>;
  readonly choosePlace: (columns: Columns) => Promise<Place>;
  readonly onRecovered: (recovery: Recovery) => void;
}

/** A part that was made anew elsewhere. */
export interface Recovery {
  readonly columns: Columns;
  readonly from: string;
  readonly to: string;
  /** Solves that were made again. */
  readonly repeated: number;
  readonly seconds: number;
}

/** A part wherever it is at the moment: it is loaded elsewhere when its place is lost. */
export class PartHome {
  readonly #rule: PartRule;
  readonly #around: PartSurroundings;
  #place: Place;
  #resident: Promise<ResidentPart>;

  constructor(rule: PartRule, place: Place, around: PartSurroundings) {
    this.#rule = rule;
    this.#around = around;
    this.#place = place;
    this.#resident = metLater(around.recoveryStart().then((start) => this.#load(place, start)));
  }

  get columns(): Columns {
    return this.#rule.columns;
  }

  get place(): Place {
    return this.#place;
  }

  isAt({ start, end }: Columns, place: Place): boolean {
    const own = this.columns;
    return own.start === start && own.end === end && this.#place === place && !place.lost.aborted;
  }

  /** Resolves once the part is loaded somewhere. */
  async ready(): Promise<void> {
    await this.#withPart(() => Promise.resolve());
  }

  solve(problem: PartProblem): Promise<PartSolution> {
    return this.#withPart((part) => part.solve(problem));
  }

  /** A place lost before it hears of it is told by the log. */
  settle(step: number, accepted: boolean): void {
    void this.#resident.then(
      (part) => part.settle(step, accepted),
      () => undefined,
    );
  }

  /** @param patient whether the part is recovered where it is lost meanwhile */
  async fetch(step: number, patient: boolean): Promise<PartSlots> {
    if (patient) return this.#withPart((part) => part.fetch(step));
    return (await this.#resident).fetch(step);
  }

  unload(): void {
    void this.#resident.then(
      (part) => part.unload(),
      () => undefined,
    );
  }

  /** Does something with the part, again elsewhere for as long as its place is lost meanwhile. */
  async #withPart<Result>(use: (part: ResidentPart) => Promise<Result>): Promise<Result> {
    for (let recoveries = 0; ; recoveries++) {
      const resident = this.#resident;
      try {
        return await use(await resident);
      } catch (error) {
        if (!isLoss(error) || recoveries === MAX_RECOVERIES) throw error;
        // Whoever meets the loss first has the part made anew; the others wait for it.
        if (this.#resident === resident) this.#recover();
      }
    }
  }

  #recover(): void {
    const from = this.#place.offer.id;
    const watch = new Stopwatch();
    const recovered = async () => {
      const { choosePlace, recoveryStart, onRecovered } = this.#around;
      const place = await choosePlace(this.columns);
      this.#place = place;
      const start = await recoveryStart();
      const part = await this.#load(place, start);
      const to = place.offer.id;
      onRecovered({ columns: this.columns, from, to, repeated: start.steps.length, seconds: watch.lap() });
      return part;
    };
    this.#resident = metLater(recovered());
  }

  /** Loads the part and makes it do again what was settled since the state at hand. */
  async #load(place: Place, { step, state, steps }: RecoveryStart): Promise<ResidentPart> {
    const part = await place.load(this.#rule, state, step);
    for (const settled of steps) {
      if (settled.accepted) await part.solve(settled);
      part.settle(settled.step, settled.accepted);
    }
    return part;
  }
}
