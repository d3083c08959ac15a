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
  receiving = false;
  returning = false;
  done = false;
  #solving = false;
  #received = 0;
  #solved = 0;
  #returned = 0;
  #bytesDown: number;
  #seconds: number;
  #bytesUp: number;

  constructor(lane: Lane) {
    this.lane = lane;
    this.#bytesDown = lane.jobs[0]?.down ?? 0;
    this.#seconds = lane.jobs[0]?.solve ?? 0;
    this.#bytesUp = lane.jobs[0]?.up ?? 0;
    this.#refresh(0);
  }

  #refresh(now: number): void {
    const { jobs, slots } = this.lane;
    const next = jobs[this.#received];
    this.receiving = next !== undefined && next.released <= now;
    this.#solving = this.#solved < this.#received;
    const last = this.#returned >= jobs.length;
    this.done = last && (this.#returned > jobs.length || slots === 0);
    this.returning = last ? !this.done : this.#returned < this.#solved;
  }

  /** Seconds until something of it changes if each of its transfers has this rate. */
  untilChange(now: number, rate: number): number {
    let seconds = Infinity;
    if (this.receiving) seconds = this.#bytesDown / rate;
    else if (this.#received < this.lane.jobs.length) {
      seconds = this.lane.jobs[this.#received]!.released - now;
    }
    if (this.#solving) seconds = Math.min(seconds, this.#seconds);
    if (this.returning) seconds = Math.min(seconds, this.#bytesUp / rate);
    return seconds;
  }

  /** Moves on to `now` by `seconds`, before whose end nothing changes. */
  advance(now: number, seconds: number, rate: number): void {
    const { jobs, slots } = this.lane;
    if (this.returning && (this.#bytesUp -= seconds * rate) < NO_BYTES) {
      if (this.#returned < jobs.length) this.home.push(now);
      this.end = now;
      this.#returned += 1;
      this.#bytesUp = jobs[this.#returned]?.up ?? slots;
    }
    if (this.#solving && (this.#seconds -= seconds) <= 0) {
      this.#solved += 1;
      this.#seconds = jobs[this.#solved]?.solve ?? 0;
    }
    if (this.receiving && (this.#bytesDown -= seconds * rate) < NO_BYTES) {
      this.#received += 1;
      this.#bytesDown = jobs[this.#received]?.down ?? 0;
    }
    this.#refresh(now);
  }
}

const running = (states: LaneState[]): LaneState[] =>
  states.some(({ done }) => done) ? states.filter(({ done }) => !done) : states;

/**
 * Runs all lanes side by side. A lane receives, solves and returns its jobs in order, all three at the same
 * time for different jobs. The transfers under way share what the coordinator can move equally.
 *
 * @param capacity bytes a second of all transfers together
 */
export function runLanes(lanes: readonly Lane[], capacity: number): LaneTimes[] {
  const states = lanes.map((lane) => new LaneState(lane));
  let open = states.filter(({ lane }) => lane.jobs.length > 0);
  for (let now = 0; open.length > 0; open = running(open)) {
    let transfers = 0;
    for (const state of open) transfers += (state.receiving ? 1 : 0) + (state.returning ? 1 : 0);
    const share = capacity / Math.max(1, transfers);
    let seconds = Infinity;
    for (const state of open) {
      seconds = Math.min(seconds, state.untilChange(now, Math.min(share, state.lane.bandwidth)));
    }
    now += seconds;
    for (const state of open) state.advance(now, seconds, Math.min(share, state.lane.bandwidth));
  }
  return states.map(({ home, end }) => ({ home, end }));
}
