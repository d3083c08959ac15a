import { Worker } from 'node:worker_threads';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import { BackendLost, type BackendCall, type BackendOptions } from '../backend.js';
import { RoutineNumbers } from '../routine-numbers.js';
import type { HostMemory, HostTensor } from './host-memory.js';

export interface ColumnThreadResults {
  readonly outputs: ReadonlyMap<string, HostTensor>;
  readonly numbers: Readonly<Record<string, number>>;
}

/** What comes of a call; the matrices that it was given come back with it. */
export type ColumnThreadAnswer = { readonly inputs: ReadonlyMap<string, HostTensor> } & (
  { readonly results: ColumnThreadResults } | { readonly failure: string }
);

export type ColumnThreadRequest =
  | { readonly kind: 'define'; readonly routine: number; readonly compiled: CompiledRoutine }
  | { readonly kind: 'forget'; readonly routine: number }
  | ({ readonly kind: 'run'; readonly routine: number } & Omit<BackendCall<HostTensor>, 'routine'>)
  | { readonly kind: 'give'; readonly tensor: HostTensor };

/** A run's results with its numbers, whose matrices are released, as such. */
export function takeNumbers(
  routine: CompiledRoutine,
  results: ReadonlyMap<string, HostTensor>,
  memory: HostMemory,
): ColumnThreadResults {
  const numbers: Record<string, number> = {};
  for (const name of routine.numbers) {
    const number = results.get(name)!;
    numbers[name] = number.data[0]!;
    memory.release(number);
  }
  return { outputs: new Map(routine.outputs.map((name) => [name, results.get(name)!])), numbers };
}

/** Another thread that runs routines. Matrices move there and back, and are not copied. */
export class ColumnThread {
  readonly #worker: Worker;
  readonly #routines = new RoutineNumbers((routine) => {
    if (!this.#lost) this.#send({ kind: 'forget', routine }, []);
  });
  #answered: ((answer: ColumnThreadAnswer) => void) | null = null;
  #failed: ((error: Error) => void) | null = null;
  #lost: BackendLost | null = null;

  constructor(options: BackendOptions) {
    this.#worker = new Worker(new URL('./column-thread-main.js', import.meta.url), { workerData: options });
    this.#worker.on('message', (answer: ColumnThreadAnswer) => this.#answered?.(answer));
    this.#worker.on('error', (error) => this.#lose(error.message));
    this.#worker.on('exit', (code) => this.#lose(`it ended with code ${code}`));
  }

  /**
   * One call at a time, whose matrices go along. What it is given is empty until the answer brings it back.
   * @throws BackendLost
   */
  run({ routine, inputs, scalars, passes }: BackendCall<HostTensor>): Promise<ColumnThreadAnswer> {
    if (this.#lost) return Promise.reject(this.#lost);
    const number = this.#routines.of(routine, (own) => {
      this.#send({ kind: 'define', routine: own, compiled: routine }, []);
    });
    return new Promise((resolve, reject) => {
      [this.#answered, this.#failed] = [resolve, reject];
      this.#send({ kind: 'run', routine: number, inputs, scalars, passes }, [...inputs.values()]);
    });
  }

  /** Gives a matrix of its results back, for the next ones of the same size. */
  give(tensor: HostTensor): void {
    if (!this.#lost) this.#send({ kind: 'give', tensor }, [tensor]);
  }

  async close(): Promise<void> {
    this.#lost ??= new BackendLost('it was closed');
    await this.#worker.terminate();
  }

  #send(request: ColumnThreadRequest, moved: readonly HostTensor[]): void {
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
