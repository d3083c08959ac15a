import { BackOff, pause } from '../../time/back-off.js';
import { messageOf } from '../../../core/errors/message.js';
import type { Point } from '../points.js';
import { logDescription, logPoints, MOST_METRICS, updateStatus, type RunStatus } from './batches.js';
import { lookUpRun, openRunAt, type RunDescription } from './run-at-server.js';
import { MlflowFailure, type MlflowServer } from './server.js';

/** So long points gather before they are sent. */
const GATHER_MS = 2000;

export interface OutboxOptions {
  readonly server: MlflowServer;
  readonly description: RunDescription;
  /** As the server called the run earlier. */
  readonly runId: string | null;
  /** Told of the first failure, and of the first after a success; `final` where nothing more is tried. */
  readonly onLost: (reason: string, final: boolean) => void;
  /** Told when the server takes points again, after so many seconds. */
  readonly onRestored: (seconds: number) => void;
}

/** What has not arrived when an outbox is closed. */
export interface Unsent {
  readonly points: number;
  readonly reason: string;
}

type End = { readonly status: RunStatus; readonly endMs: number };

/**
 * Sends a run to MLflow, beside it: nothing waits for the server. What it has is asked for at the start and
 * after each failure, which leaves open what of a request was done; so no point is there twice, and none is
 * missing but what `close` tells.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #closing = new AbortController();
  readonly #givenUp = new AbortController();
  readonly #loop: Promise<void>;
  #points: Point[] = [];
  #end: End | null = null;
  #wake: (() => void) | null = null;
  #runId: string | null;
  /** Whether the run at the server has its description and counts as running. */
  #described = false;
  /** Last steps that the server had when it was asked; null where it must be asked again. */
  #known: ReadonlyMap<string, number> | null = null;
  #failure: string | null = null;
  #lostMs: number | null = null;
  #refused = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#runId = options.runId;
    this.#loop = this.#work();
  }

  /** As the server calls the run; null until it has said so. */
  get runId(): string | null {
    return this.#runId;
  }

  push(points: readonly Point[]): void {
    for (const point of points) this.#points.push(point);
    this.#wake?.();
  }

  /** The run has ended: the server is told once it has all points. */
  end(end: End): void {
    this.#end = end;
    this.#hurry();
  }

  /** Sends what is left, for so long at most; null where all has arrived. */
  async close(withinMs: number): Promise<Unsent | null> {
    this.#hurry();
    const timer = setTimeout(() => this.#givenUp.abort(new Error('the time for it was over')), withinMs);
    await this.#loop;
    clearTimeout(timer);
    if (!this.#isOpen) return null;
    return { points: this.#points.length, reason: this.#failure ?? 'the server was too slow' };
  }

  /** Whether there is something that the server lacks. */
  get #isOpen(): boolean {
    return !this.#described || this.#points.length > 0 || this.#end !== null;
  }

  /** Whether nothing more is tried. */
  #isOver(): boolean {
    return this.#refused || this.#givenUp.signal.aborted;
  }

  #hurry(): void {
    this.#closing.abort();
    this.#wake?.();
  }

  async #work(): Promise<void> {
    const backOff = new BackOff();
    const { signal } = this.#givenUp;
    while (!this.#isOver()) {
      if (!this.#isOpen) {
        if (this.#closing.signal.aborted) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      await pause(GATHER_MS, this.#closing.signal);
      try {
        await this.#send(signal);
        this.#succeeded();
        backOff.reset();
      } catch (cause) {
        if (this.#isOver()) return;
        const waitMs = this.#failed(cause);
        if (!this.#isOver()) await pause(Math.max(waitMs, backOff.next()), signal);
      }
    }
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { server } = this.#options;
    const runId = await this.#open(signal);
    const known = this.#known;
    this.#points = this.#points.filter(({ name, step }) => step > (known?.get(name) ?? -1));
    while (this.#points.length > 0) {
      const batch = this.#points.slice(0, MOST_METRICS);
      await logPoints(server, runId, batch, signal);
      this.#points.splice(0, batch.length);
    }
    if (this.#end) {
      await updateStatus(server, runId, this.#end, signal);
      this.#end = null;
    }
  }

  /** The run's id, once the server has the run with its description. */
  async #open(signal: AbortSignal): Promise<string> {
    const { server, description } = this.#options;
    for (;;) {
      this.#runId ??= await openRunAt(server, description, signal);
      const runId = this.#runId;
      if (this.#known && this.#described) return runId;
      const known = await lookUpRun(server, runId, signal);
      if (!known) {
        // It was deleted there for good: the run is logged anew.
        this.#runId = null;
        this.#described = false;
        continue;
      }
      this.#known = known.steps;
      if (this.#described) return runId;
      const params = description.params.filter(({ key }) => !known.params.has(key));
      await logDescription(server, runId, { params, tags: description.tags }, signal);
      await updateStatus(server, runId, { status: 'RUNNING', endMs: null }, signal);
      this.#described = true;
    }
  }

  #succeeded(): void {
    if (this.#lostMs !== null) this.#options.onRestored((performance.now() - this.#lostMs) / 1000);
    this.#lostMs = null;
    this.#failure = null;
  }

  /** @returns how long the server asks to wait */
  #failed(cause: unknown): number {
    const failure =
      cause instanceof MlflowFailure ? cause : new MlflowFailure(messageOf(cause), { passing: false, cause });
    this.#known = null;
    this.#failure = failure.message;
    this.#refused = !failure.passing;
    if (this.#lostMs === null || this.#refused) this.#options.onLost(failure.message, this.#refused);
    this.#lostMs ??= performance.now();
    return failure.waitMs;
  }
}
