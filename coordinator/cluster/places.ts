import type { Place } from './place.js';

/** Places as they come and go. */
export class Places {
  readonly #places = new Set<Place>();
  readonly #listeners = new Set<() => void>();
  #changes = 0;

  /** Counts what came, went and announced its leaving. */
  get changes(): number {
    return this.#changes;
  }

  /** Those that take parts, in the order in which they came. */
  get open(): readonly Place[] {
    return [...this.#places].filter(({ leaving, lost }) => !leaving && !lost.aborted);
  }

  get all(): readonly Place[] {
    return [...this.#places];
  }

  add(place: Place): void {
    this.#places.add(place);
    place.lost.addEventListener('abort', () => this.#remove(place), { once: true });
    this.changed();
  }

  /** The same places as others see them, and those still to come, until `signal` is aborted. */
  mirror(view: (place: Place) => Place, signal: AbortSignal): Places {
    const mirror = new Places();
    const seen = new WeakSet<Place>();
    const update = (): void => {
      for (const place of this.#places) {
        if (seen.has(place)) continue;
        seen.add(place);
        mirror.add(view(place));
      }
      mirror.changed();
    };
    update();
    this.#listeners.add(update);
    signal.addEventListener('abort', () => this.#listeners.delete(update), { once: true });
    return mirror;
  }

  /** Tells everyone who waits, as when a place has begun to leave. */
  changed(): void {
    this.#changes += 1;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves at the next change; rejects with the signal's reason once that is aborted. */
  nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (settle: () => void) => (): void => {
        this.#listeners.delete(onChange);
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const onChange = done(resolve);
      const onAbort = done(() => reject(signal.reason as Error));
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      this.#listeners.add(onChange);
      signal.addEventListener('abort', onAbort);
    });
  }

  #remove(place: Place): void {
    this.#places.delete(place);
    this.changed();
  }
}
