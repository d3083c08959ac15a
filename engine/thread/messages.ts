import type { CompiledRoutine } from '../../core/expression/routine.js';
import type { ScalarValues } from '../../core/expression/scalars.js';
import type { Matrix } from '../../core/matrix.js';
import type { BackendOptions } from '../backend.js';
import type { EngineInfo, EngineStatistics } from '../engine.js';

/** What the thread is started with. */
export interface HostOptions extends BackendOptions {
  /** URL of the module whose `createBackend(options)` makes the backend. */
  readonly module: string;
}

/** Requests to the engine's thread; the sender chooses the numbers of new tensors and routines. */
export type Request =
  | { readonly kind: 'upload'; readonly tensor: number; readonly matrix: Matrix }
  | { readonly kind: 'download'; readonly tensor: number }
  | { readonly kind: 'define'; readonly routine: number; readonly compiled: CompiledRoutine }
  /** It will not be run again. */
  | { readonly kind: 'forget'; readonly routine: number }
  | {
      readonly kind: 'run';
      readonly routine: number;
      readonly inputs: Readonly<Record<string, number>>;
      readonly outputs: Readonly<Record<string, number>>;
      readonly scalars: ScalarValues;
      readonly passes: readonly ScalarValues[];
    }
  | { readonly kind: 'release'; readonly tensors: readonly number[] }
  | { readonly kind: 'statistics' }
  | { readonly kind: 'close' };

export type Numbered<T> = T & { readonly id: number };

export type Response =
  | { readonly kind: 'ready'; readonly info: EngineInfo }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'done'; readonly id: number; readonly value: ResponseValue }
  | { readonly kind: 'error'; readonly id: number; readonly message: string };

export interface RunValue {
  readonly shapes: Readonly<Record<string, readonly [number, number]>>;
  readonly numbers: Readonly<Record<string, number>>;
  readonly seconds: number;
}

export type ResponseValue = Matrix | RunValue | EngineStatistics | null;
