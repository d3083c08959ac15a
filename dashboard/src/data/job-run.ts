import type { Confusion, EpochMetrics, FeedItem, Job, Phases, RunEvent, RunEventBody } from '../api/types.ts';
import { StepSeries } from './series.ts';

type Numbered<T extends RunEventBody['type']> = Extract<RunEventBody, { readonly type: T }> & {
  readonly sequence: number;
  readonly time: string;
};

export type GuardEvent = Numbered<'guard.redone' | 'guard.gave-up'>;
export type FleetEvent = Numbered<
  | 'worker.joined'
  | 'worker.left'
  | 'worker.lost'
  | 'worker.restarted'
  | 'part.recovered'
  | 'run.waiting'
  | 'run.alone'
>;
export type StartEvent = Numbered<'run.started'>;
export type PlanEvent = Numbered<'plan.made'>;
export type ConfusionEvent = Confusion & { readonly sequence: number };
export type EpochPoint = EpochMetrics & { readonly sequence: number };

/** Of lists that only people read, what is kept; a page may be open for days. */
const KEPT = 200;
const KEPT_EPOCHS = 4096;
/** Steps that "now" is the mean of. */
const RECENT_STEPS = 50;

/** After which a run that waited for workers goes on, or has ended. */
const GOES_ON: ReadonlySet<RunEvent['type']> = new Set([
  'plan.made',
  'part.recovered',
  'step.done',
  'run.ended',
]);

export interface PhaseMeans {
  readonly steps: number;
  /** Mean of a step. */
  readonly seconds: number;
  readonly phases: Phases;
}

/**
 * What is known of a job and its run, put together from its feed, in bounded memory. Lists are replaced where they
 * change: a component that has state of its own is drawn anew only with other properties.
 */
export class JobRun {
  job: Job | null = null;
  started: StartEvent | null = null;
  plan: PlanEvent | null = null;
  readonly steps = new StepSeries();
  epochs: readonly EpochPoint[] = [];
  confusion: ConfusionEvent | null = null;
  guards: readonly GuardEvent[] = [];
  guardCount = 0;
  fleet: readonly FleetEvent[] = [];
  /** Why the run waits for workers, where it does. */
  waiting: string | null = null;
  /** Counts checkpoints, so that lists of files know when to look again. */
  checkpoints = 0;
  /** Seconds of the newest steps, and their phases. */
  #recent: (Phases & { readonly sequence: number; readonly seconds: number })[] = [];

  apply(item: FeedItem): void {
    if (item.kind === 'job') this.job = item.job;
    if (item.kind === 'event') this.#event(item.event);
    if (item.kind === 'rewind') this.#rewind(item.last);
  }

  get recent(): PhaseMeans | null {
    const steps = this.#recent.length;
    if (steps === 0) return null;
    const mean = (field: 'seconds' | keyof Phases): number =>
      this.#recent.reduce((sum, one) => sum + one[field], 0) / steps;
    return { steps, seconds: mean('seconds'), phases: phasesOf(mean) };
  }

  get overall(): PhaseMeans | null {
    const { last } = this.steps;
    if (last === null) return null;
    const mean = (field: 'seconds' | keyof Phases): number => last[field] / last.step;
    return { steps: last.step, seconds: mean('seconds'), phases: phasesOf(mean) };
  }

  #event(event: RunEvent): void {
    if (GOES_ON.has(event.type)) this.waiting = null;
    switch (event.type) {
      case 'run.started':
        this.started = event;
        break;
      case 'step.done':
        this.#step(event);
        break;
      case 'epoch.done':
        this.epochs = [...this.epochs, event];
        if (this.epochs.length > KEPT_EPOCHS) this.epochs = this.epochs.filter((_, index) => index % 2 === 1);
        break;
      case 'classes.counted':
        this.confusion = event;
        break;
      case 'guard.redone':
      case 'guard.gave-up':
        this.guardCount += 1;
        this.guards = [...this.guards, event].slice(-KEPT);
        break;
      case 'plan.made':
        this.plan = event;
        break;
      case 'checkpoint.saved':
        this.checkpoints += 1;
        break;
      case 'worker.joined':
      case 'worker.left':
      case 'worker.lost':
      case 'worker.restarted':
      case 'part.recovered':
      case 'run.waiting':
      case 'run.alone':
        if (event.type === 'run.waiting') this.waiting = event.reason;
        this.fleet = [...this.fleet, event].slice(-KEPT);
        break;
      case 'checkpoint.damaged':
      case 'worker.refused':
      case 'run.ended':
        break;
    }
  }

  #step({ sequence, step, loss, seconds, phases }: Numbered<'step.done'>): void {
    const before = this.steps.last;
    const sum = (field: keyof Phases): number => (before?.[field] ?? 0) + phases[field];
    this.steps.push({
      sequence,
      step,
      loss,
      seconds: (before?.seconds ?? 0) + seconds,
      ...phasesOf(sum),
    });
    this.#recent.push({ sequence, seconds, ...phases });
    if (this.#recent.length > RECENT_STEPS) this.#recent.shift();
  }

  /** Takes back what is void. */
  #rewind(last: number): void {
    const holds = ({ sequence }: { readonly sequence: number }): boolean => sequence <= last;
    this.steps.cut(last);
    this.waiting = null;
    this.epochs = this.epochs.filter(holds);
    const guards = this.guards.filter(holds);
    this.guardCount -= this.guards.length - guards.length;
    this.guards = guards;
    this.fleet = this.fleet.filter(holds);
    this.#recent = this.#recent.filter(holds);
    if (this.confusion && !holds(this.confusion)) this.confusion = null;
    if (this.plan && !holds(this.plan)) this.plan = null;
    if (this.started && !holds(this.started)) this.started = null;
  }
}

const phasesOf = (of: (phase: keyof Phases) => number): Phases => ({
  data: of('data'),
  forward: of('forward'),
  targets: of('targets'),
  solve: of('solve'),
});
