import type { SolveWork } from '../../core/solve-operations.js';

/** What somewhere that parts can live and be solved says of itself. */
export interface PlaceOffer {
  /** Its name, unique among the places of a run. */
  readonly id: string;
  /** The coordinator's own engine: nothing is sent, but what it solves delays the next forward pass. */
  readonly local: boolean;
  /** 10⁹ floating-point operations a second of a local problem. */
  readonly gflops: number;
  /** Bytes a second of its link, in each direction; of no meaning for the local place. */
  readonly bandwidth: number;
  /** What its parts may take, as `partBytes` counts. */
  readonly memoryBytes: number;
}

/** A layer as far as the time and the place of its solves go. */
export interface LayerLoad extends SolveWork {
  readonly units: number;
  /** Whether its columns may be solved apart. */
  readonly separable: boolean;
  /** See PartMemory. */
  readonly history?: number;
}

export interface Workload {
  readonly layers: readonly LayerLoad[];
  /** Examples of a batch. */
  readonly batch: number;
  /** Of a number: float32 or bfloat16. */
  readonly wireBytes: 4 | 2;
  readonly coordinator: {
    /** 10⁹ floating-point operations a second, of the forward pass and the backward sweep. */
    readonly gflops: number;
    /** Bytes a second over all links and both directions together: moving them costs it processor time. */
    readonly bandwidth: number;
  };
}

/** The columns `start` to `end` − 1 of a layer. */
export interface Range {
  /** From 0. */
  readonly layer: number;
  readonly start: number;
  readonly end: number;
}

/** Columns and the place where they live. */
export interface Part extends Range {
  /** The id of a place. */
  readonly place: string;
}

export interface PlacePrediction {
  readonly place: string;
  /** Seconds a step that it solves. */
  readonly solve: number;
  /** Bytes a step over its link, in both directions. */
  readonly bytes: number;
  /** Seconds until its last weights are home. */
  readonly home: number;
}

/** A step in seconds, from the start of the backward sweep to the end of the next forward pass. */
export interface Prediction {
  /** Computing, without waiting. */
  readonly forward: number;
  readonly sweep: number;
  /** Until the last slots are home. */
  readonly wire: number;
  /** Until the weights of all parts are home. */
  readonly solve: number;
  readonly seconds: number;
  readonly places: readonly PlacePrediction[];
}

/** Which columns of which layer live where. */
export interface Plan {
  /** By layer, then by columns; together they are every column once. */
  readonly parts: readonly Part[];
  readonly predictedSeconds: number;
  readonly prediction: Prediction;
  /** Ids of the places that would only slow the step down: they have no part. */
  readonly leftOut: readonly string[];
}
