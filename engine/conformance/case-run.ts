import type { Engine } from '../engine.js';
import type { Comparison } from './comparison.js';

/** The engine under test, and a float64 engine that turns given targets into displacements. */
export interface Engines {
  readonly engine: Engine;
  readonly oracle: Engine;
}

/** A checked case in one form, ready to be run. */
export interface CaseRun {
  readonly file: string;
  readonly name: string;
  /** How it is solved: direct, gram or exact. */
  readonly form: string;
  readonly float32Error: number;
  run(engines: Engines): Promise<Comparison>;
}
