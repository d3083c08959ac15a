import type { CompiledRoutine } from '../core/expression/routine.js';
import type { ScalarValues } from '../core/expression/scalars.js';
import type { Shape } from '../core/expression/shapes.js';
import type { Matrix } from '../core/matrix.js';
import type { EngineInfo } from './engine.js';

/** Thrown by a backend whose device is gone: no call will succeed any more. */
export class BackendLost extends Error {}

/** A matrix inside a backend. */
export interface BackendTensor {
  readonly shape: Shape;
}

/**
 * What an implementation of an engine supplies. It runs in a thread of its own, so it may block; the
 * thread keeps the handles and talks to the caller.
 */
export interface Backend<T extends BackendTensor = BackendTensor> {
  readonly info: EngineInfo;
  /** Takes `matrix.data` over. */
  upload(matrix: Matrix): T | Promise<T>;
  /** A copy. */
  download(tensor: T): Matrix | Promise<Matrix>;
  /** New tensors for the routine's outputs and numbers, by name. */
  run(call: BackendCall<T>): ReadonlyMap<string, T> | Promise<ReadonlyMap<string, T>>;
  release(tensor: T): void;
  /** Compiled routines kept. */
  readonly sessions: number;
  close(): void | Promise<void>;
}

export interface BackendCall<T> {
  readonly routine: CompiledRoutine;
  readonly inputs: ReadonlyMap<string, T>;
  readonly scalars: ScalarValues;
  readonly passes: readonly ScalarValues[];
}

export interface BackendOptions {
  readonly threads: number;
  /** Whether other processes want the same processors: idle threads then leave them to those at once. */
  readonly sharesProcessors: boolean;
}
