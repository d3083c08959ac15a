/** Why a run is to stop before its end. */
export type StopReason =
  | 'paused'
  | 'cancelled'
  /** The coordinator ends. */
  | 'shutdown'
  /** The queue has given its entry to another one, or has lost it. */
  | 'lost'
  /** Another coordinator has taken the job. */
  | 'fenced'
  | 'time-limit';

/** A later reason of higher rank takes the place of an earlier one. */
const ranks: readonly StopReason[] = ['shutdown', 'lost', 'paused', 'time-limit', 'cancelled', 'fenced'];

/** Asks a run to stop, and keeps why. */
export class RunStop {
  readonly #controller = new AbortController();
  #reason: StopReason | null = null;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get reason(): StopReason | null {
    return this.#reason;
  }

  request(reason: StopReason): void {
    if (this.#reason === null || ranks.indexOf(reason) > ranks.indexOf(this.#reason)) this.#reason = reason;
    this.#controller.abort();
  }
}
