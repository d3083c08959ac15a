import type { Matrix } from '../../core/matrix.js';
import type { LayerState } from '../../core/state.js';
import type { SolveProgram, SolveScalars } from '../../engine/solve.js';
import type { PlaceOffer } from '../planner/plan.js';
import type { LayerReport } from '../pool/layer-pool.js';

/** How matrices travel: as they are, or in half the bytes. */
export type WireFormat = 'f32' | 'bf16';

/** Consecutive columns of a layer: start to end − 1. */
export interface Columns {
  /** From 0. */
  readonly layer: number;
  readonly start: number;
  readonly end: number;
}

/** A part and how it is solved. */
export interface PartRule {
  readonly columns: Columns;
  readonly program: SolveProgram;
  /** Examples of a batch, for reckoning memory. */
  readonly batch: number;
  readonly wire: WireFormat;
}

/** A local problem of a whole layer, of which a place takes its own columns. */
export interface PartProblem {
  readonly step: number;
  /** Counts the redoes with other parameters, from 1. */
  readonly attempt: number;
  readonly inputs: Matrix<Float32Array>; // X [examples, inputs]
  readonly displacement: Matrix<Float32Array>; // R⁰ [examples, units]
  readonly numbers: SolveScalars;
  /** Resolves once the coordinator's engine is free of the step's sweep, which everybody waits for. */
  readonly swept: Promise<unknown>;
}

/** Where the time of a solve went, one after the other, in seconds, as the coordinator sees it. */
export interface SolveTimes {
  /** When the first of its matrices was sent, in milliseconds since 1970. */
  readonly startedMs: number;
  /** The place receives the problem. */
  readonly receiveSeconds: number;
  /** It has the problem, and solves others. */
  readonly waitSeconds: number;
  readonly solveSeconds: number;
  /** It sends the solution. */
  readonly sendSeconds: number;
}

export interface PartSolution {
  /**
   * Of the part's columns: the new values with the wire format f32; with bf16 the rounded differences
   * from those before the step, to be added to them.
   */
  readonly weights: Matrix<Float32Array>; // [inputs, end − start]
  readonly bias: Matrix<Float32Array>; // [1, end − start]
  readonly report: LayerReport;
  /** None on the coordinator's own engine. */
  readonly times?: SolveTimes;
}

export type PartSlots = Pick<LayerState, 'weightSlots' | 'biasSlots'>;

/** A part on its place. Its calls are carried out in their order. */
export interface ResidentPart {
  /** Solves from the settled state; again with another attempt. */
  solve(problem: PartProblem): Promise<PartSolution>;
  /** Makes the last solution the state, or drops it. */
  settle(step: number, accepted: boolean): void;
  /** The slots of the settled state, which is of this step. */
  fetch(step: number): Promise<PartSlots>;
  unload(): void;
}

/** Somewhere that parts live and are solved. Every call fails with the place's loss once it is gone. */
export interface Place {
  readonly offer: PlaceOffer;
  /** Aborted once the place is gone; the reason is a LocopropError. */
  readonly lost: AbortSignal;
  /** Whether it takes no more parts, and wants to be rid of those it has. */
  readonly leaving: boolean;
  /** What it did so far. */
  readonly work: { readonly busySeconds: number; readonly solves: number; readonly bytes: number };
  /**
   * Loads a part.
   * @param state of the whole layer, as of `step`
   */
  load(rule: PartRule, state: LayerState, step: number): Promise<ResidentPart>;
  /** Lets a leaving place go, now that it has no part any more. */
  dismiss(): void;
}
