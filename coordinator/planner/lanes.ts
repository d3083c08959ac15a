/** One part's way in a step. */
export interface Job {
  readonly layer: number;
  /** Seconds into the step when it may leave. */
  readonly released: number;
  /** Bytes to the place. */
  readonly down: number;
  /** Seconds that the place solves. */
  readonly solve: number;
  /** Bytes of weights back. */
  readonly up: number;
}

/** A place and what it has to do in a step, in order. */
export interface Lane {
  readonly bandwidth: number; // bytes a second, in each direction
  readonly jobs: readonly Job[];
  /** Bytes that follow the weights of all jobs. */
  readonly slots: number;
}

export interface LaneTimes {
  /** Seconds into the step when the weights of each job are home. */
  readonly home: readonly number[];
  /** When everything is. */
  readonly end: number;
}

/** Less than this is what rounding leaves of a transfer. */
const NO_BYTES = 1e-3;

/** Where a lane stands; bytes and seconds are those left. */
class LaneState {
  readonly lane: Lane;
  readonly home: number[] = [];
  end = 0;
  #received = 0;
  #down: number;
  #solved = 0;
  #solving: number;
  #returned = 0;
  #up: number;

  constructor(lane: Lane) {
    this.lane = lane;
    this.#down = lane.jobs[0]?.down ?? 0;
    this.#solving = lane.jobs[0]?.solve ?? 0;
    this.#up = lane.jobs[0]?.up ?? 0;
  }

  get done(): boolean {
    const count = this.lane.jobs.length;
    return this.#returned > count || (this.#returned === count && this.lane.slots === 0);
  }

  receiving(now: number): boolean {
    const job = this.lane.jobs[this.#received];
    return job !== undefined && job.released <= now;
  }

  get #isSolving(): boolean {
    return this.#solved < this.#received;
  }

  get returning(): boolean {
    if (this.#returned === this.lane.jobs.length) return !this.done;
    return this.#returned < this.#solved;
  }

  /** Seconds until something of it changes if each of its transfers has this rate. */
  untilChange(now: number, rate: number): number {
    let seconds = Infinity;
    const job = this.lane.jobs[this.#received];
    if (job) seconds = job.released <= now ? this.#down / rate : job.released - now;
    if (this.#isSolving) seconds = Math.min(seconds, this.#solving);
    if (this.returning) seconds = Math.min(seconds, this.#up / rate);
    return seconds;
  }

  /** Moves on from `now` by `seconds`, before whose end nothing changes. */
  advance(now: number, seconds: number, rate: number): void {
    const receiving = this.receiving(now);
    const solving = this.#isSolving;
    if (this.returning && (this.#up -= seconds * rate) < NO_BYTES) this.#afterReturn(now + seconds);
    if (solving && (this.#solving -= seconds) <= 0) {
      this.#solved += 1;
      this.#solving = this.lane.jobs[this.#solved]?.solve ?? 0;
    }
    if (receiving && (this.#down -= seconds * rate) < NO_BYTES) {
      this.#received += 1;
      this.#down = this.lane.jobs[this.#received]?.down ?? 0;
    }
  }

  #afterReturn(now: number): void {
    if (this.#returned < this.lane.jobs.length) this.home.push(now);
    this.end = now;
    this.#returned += 1;
    this.#up = this.lane.jobs[this.#returned]?.up ?? this.lane.slots;
  }
}

/**
 * Runs all lanes side by side. A lane receives, solves and returns its jobs in order, all three at the same
 * time for different jobs. The transfers under way share what the coordinator can move equally.
 *
 * @param capacity bytes a second of all transfers together
 */
export function runLanes(lanes: readonly Lane[], capacity: number): LaneTimes[] {
  const states = lanes.map((lane) => new LaneState(lane));
  let open = states.filter(({ lane }) => lane.jobs.length > 0);
  for (let now = 0; open.length > 0; open = open.filter(({ done }) => !done)) {
    let transfers = 0;
    for (const state of open) {
      transfers += (state.receiving(now) ? 1 : 0) + (state.returning ? 1 : 0);
    }
    const share = capacity / Math.max(1, transfers);
    let seconds = Infinity;
    for (const state of open) {
      seconds = Math.min(seconds, state.untilChange(now, Math.min(share, state.lane.bandwidth)));
    }
    for (const state of open) {
      state.advance(now, seconds, Math.min(share, state.lane.bandwidth));
    }
    now += seconds;
  }
  return states.map(({ home, end }) => ({ home, end }));
}
