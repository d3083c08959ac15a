import type { Engine } from '../../engine/engine.js';

export interface BenchOptions {
  /** Of the autoencoder's input and of each layer; null for the paper's. */
  readonly widths: readonly number[] | null;
  readonly batch: number;
  readonly iterations: number;
  /** Measured rounds of each comparison. */
  readonly rounds: number;
  /** Inputs and units of the largest layer that is measured. */
  readonly large: number;
}

/** A group of measurements on one engine. */
export interface Section {
  readonly description: string;
  /** Takes long, so it is measured where it is asked for only. */
  readonly onRequest?: true;
  readonly measure: (engine: Engine, options: BenchOptions) => Promise<Findings>;
}

export interface Findings {
  /** For the JSON document. */
  readonly figures: object;
  /** The same for people. */
  readonly text: string;
}
