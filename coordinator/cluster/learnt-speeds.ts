import type { Place } from './place.js';

/** A place's speed counts as another one once it differs by this share. */
const TOLERANCE = 0.1;

interface Seen {
  /** Of the step in hand. */
  operations: number;
  seconds: number;
  /** Of the fastest step before it, 10⁹ operations a second. */
  speed: number;
}

/**
 * How fast places solve: as they were measured when they joined, until their solves show otherwise. A
 * processor that others use too, or a GPU that likes some shapes better, is known by its work alone.
 */
export class LearntSpeeds {
  readonly #speeds = new WeakMap<Place, number>();
  #seen = new Map<Place, Seen>();

  /** 10⁹ operations a second. */
  of(place: Place): number {
    return this.#speeds.get(place) ?? place.offer.gflops;
  }

  /** @param operations as the planner counts them */
  observe(place: Place, operations: number, seconds: number): void {
    const seen = this.#seen.get(place) ?? { operations: 0, seconds: 0, speed: 0 };
    seen.operations += operations;
    seen.seconds += seconds;
    this.#seen.set(place, seen);
  }

  /**
   * To be told of each step. Of several, the fastest tells how fast a place is: what it does besides, as making
   * sessions for parts that are new to it, slows single steps down.
   */
  committed(): void {
    for (const seen of this.#seen.values()) {
      if (seen.seconds > 0) seen.speed = Math.max(seen.speed, seen.operations / seen.seconds / 1e9);
      seen.operations = seen.seconds = 0;
    }
  }

  /** Drops what was seen since the last call. */
  forget(): void {
    this.#seen.clear();
  }

  /** Takes over what was seen since the last call; whether that is news. */
  learn(): boolean {
    const seen = this.#seen;
    this.#seen = new Map();
    let news = false;
    for (const [place, { speed }] of seen) {
      if (speed === 0 || Math.abs(speed / this.of(place) - 1) <= TOLERANCE) continue;
      this.#speeds.set(place, speed);
      news = true;
    }
    return news;
  }
}
