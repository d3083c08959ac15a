import type { Routine } from '../core/expression/routine.js';
import type { ScalarValues } from '../core/expression/scalars.js';
import type { Matrix } from '../core/matrix.js';

/** A matrix that an engine holds: a handle, so that data stays on a device between calls. */
export interface Tensor {
  readonly id: number;
  readonly rows: number;
  readonly columns: number;
}

export interface EngineInfo {
  readonly name: string;
  readonly precision: 'float32' | 'float64';
  /** What is multiplied, where that is less precise. */
  readonly products?: 'tf32';
  readonly threads: number;
  /** What it runs on and in which version, for people. */
  readonly description: string;
  /** What whoever uses it should know, such as that it is slow; told once in a process. */
  readonly remark?: string;
  /** Whether what it takes for a GPU is computed on the processors. */
  readonly software?: boolean;
}

/** One run of a routine. */
export interface Call<Input extends string = string> {
  readonly routine: Routine;
  readonly inputs: Readonly<Record<Input, Tensor>>;
  /** Scalars of `setup` and `final`. */
  readonly scalars?: ScalarValues;
  /** Scalars of each pass of the loop; as many passes as there are entries. */
  readonly passes?: readonly ScalarValues[];
}

export interface Result {
  /** The routine's `outputs`, each a new tensor that the caller releases. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** The routine's `numbers`. */
  readonly numbers: Readonly<Record<string, number>>;
  /** How long the engine was busy with it. */
  readonly seconds: number;
}

export interface EngineStatistics {
  /** Tensors not released. */
  readonly tensors: number;
  readonly tensorBytes: number;
  /** Those that were run and that somebody still has. */
  readonly routines: number;
  /** Compiled routines kept. */
  readonly sessions: number;
}

/**
 * Evaluates routines. It knows nothing of layers or losses: all formulas are core's. Calls are carried
 * out in the order in which they are made; a failed call leaves the engine usable. Tensors belong to
 * the engine that made them and are never changed.
 *
 * Failures are LocopropErrors: ENGINE_CALL_FAILED for a call that cannot be carried out, ENGINE_LOST
 * once the engine is gone.
 */
export interface Engine {
  readonly info: EngineInfo;
  /** The matrix in the engine's precision. Takes `matrix.data` over where it fills its buffer. */
  upload(matrix: Matrix): Promise<Tensor>;
  /** A copy of a tensor's values, in the engine's precision. */
  download(tensor: Tensor): Promise<Matrix>;
  run(call: Call): Promise<Result>;
  release(tensors: Iterable<Tensor>): void;
  statistics(): Promise<EngineStatistics>;
  /**
   * Gives up an engine that does not come back from a call: that call and all others fail with ENGINE_LOST,
   * and nobody waits for its thread any more. In native code it keeps the process going all the same.
   */
  abandon(reason: string): void;
  close(): Promise<void>;
}
