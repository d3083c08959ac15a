import type { Findings } from '../sections/section.js';

export interface ClusterBenchOptions {
  /** Sizes that only show that everything works, and no quotas, which need root. */
  readonly quick: boolean;
}

/** A group of measurements of workers and their coordinator. */
export interface ClusterSection {
  readonly description: string;
  readonly measure: (options: ClusterBenchOptions) => Promise<Findings>;
}
