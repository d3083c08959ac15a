import type { Engine } from '#engine/engine.js';

/** What a test of an engine supplies. */
export interface Subject {
  readonly start: (threads: number) => Promise<Engine>;
  /** Largest error of one operation, relative to the largest entry. */
  readonly tolerance: number;
  /** Numbers of threads whose results must agree to the bit. */
  readonly threads: readonly number[];
  /** A layer large enough that its parts and threads share the work; of 150 units if none are given. */
  readonly splitLayer: { readonly examples: number; readonly inputs: number; readonly units?: number };
}

/** A started engine and what is expected of it. */
export interface Running extends Subject {
  readonly engine: Engine;
}
