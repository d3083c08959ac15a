import { Worker } from 'node:worker_threads';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import type { ScalarValues } from '../../core/expression/scalars.js';
import { BackendLost, type BackendOptions } from '../backend.js';
import type { HostMemory, HostTensor } from './host-memory.js';

/** A call whose matrices go along. */
export interface HelperCall {
  readonly routine: CompiledRoutine;
  readonly inputs: ReadonlyMap<string, HostTensor>;
  readonly scalars: ScalarValues;
  readonly passes: readonly ScalarValues[];
}

export interface HelperResults {
  readonly outputs: ReadonlyMap<string, HostTensor>;
  readonly numbers: Readonly<Record<string, number>>;
}

/** What comes of a call; the matrices that it was given come back with it. */
export type HelperAnswer = { readonly inputs: ReadonlyMap<string, HostTensor> } & (
  { readonly results: HelperResults } | { readonly failure: string }
);

export type HelperRequest =
  | { readonly kind: 'define'; readonly routine: number; readonly compiled: CompiledRoutine }
  | ({ readonly kind: 'run'; readonly routine: number } & Omit<HelperCall, 'routine'>)
  | { readonly kind: 'give'; readonly tensors: readonly HostTensor[] };

/** A run's results with its numbers, whose matrices are released, as such. */
export function takeNumbers(
  routine: CompiledRoutine,
  results: ReadonlyMap<string, HostTensor>,
  memory: HostMemory,
): HelperResults {
  const numbers: Record<string, number> = {};
  for (const name of routine.numbers) {
    const number = results.get(name)!;
    numbers[name] = number.data[0]!;
    memory.release(number);
  }
  return { outputs: new Map(routine.outputs.map((name) => [name, results.get(name)!])), numbers };
}

/** Another thread that runs routines. Matrices move there and back, and are not copied. */
export class Helper {
  readonly #worker: Worker;
  readonly #routines = new Map<CompiledRoutine, number>();
  #answered: ((answer: HelperAnswer) => void) | null = null;
  #failed: ((error: Error) => void) | null = null;
  #lost: BackendLost | null = null;

  constructor(options: BackendOptions) {
    this.#worker = new Worker(new URL('./helper-thread.js', import.meta.url), { workerData: options });
    this.#worker.on('message', (answer: HelperAnswer) => this.#answered?.(answer));
    this.#worker.on('error', (error) => this.#lose(error.message));
    this.#worker.on('exit', (code) => this.#lose(`it ended with code ${code}`));
  }

  /**
   * One call at a time. What it is given is empty until the answer brings it back.
   * @throws BackendLost
   */
  run({ routine, inputs, scalars, passes }: HelperCall): Promise<HelperAnswer> {
    if (this.#lost) return Promise.reject(this.#lost);
    const number = this.#define(routine);
    return new Promise((resolve, reject) => {
      [this.#answered, this.#failed] = [resolve, reject];
      this.#send({ kind: 'run', routine: number, inputs, scalars, passes }, [...inputs.values()]);
    });
  }

  /** Gives a matrix of its results back, for the next ones of the same size. */
  give(tensor: HostTensor): void {
    if (!this.#lost) this.#send({ kind: 'give', tensors: [tensor] }, [tensor]);
  }

  async close(): Promise<void> {
    this.#lost ??= new BackendLost('it was closed');
    await this.#worker.terminate();
  }

  #define(routine: CompiledRoutine): number {
    const known = this.#routines.get(routine);
    if (known !== undefined) return known;
    const number = this.#routines.size;
    this.#routines.set(routine, number);
    this.#send({ kind: 'define', routine: number, compiled: routine }, []);
    return number;
  }

  #send(request: HelperRequest, moved: readonly HostTensor[]): void {
    this.#worker.postMessage(
      request,
      moved.map(({ data }) => data.buffer as ArrayBuffer),
    );
  }

  #lose(reason: string): void {
    this.#lost ??= new BackendLost(`a thread of it is gone: ${reason}`);
    this.#failed?.(this.#lost);
  }
}
