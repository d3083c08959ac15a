import { Worker } from 'node:worker_threads';
import { LocopropError } from '../../core/errors/error.js';
import { compileRoutine, type CompiledRoutine, type Routine } from '../../core/expression/routine.js';
import type { Matrix } from '../../core/matrix.js';
import type { Call, Engine, EngineInfo, EngineStatistics, Result, Tensor } from '../engine.js';
import { memoized } from '../memo.js';
import { RoutineNumbers } from '../routine-numbers.js';
import type { HostOptions, Request, Response, ResponseValue, RunValue } from './messages.js';

interface Pending {
  readonly resolve: (value: ResponseValue) => void;
  readonly reject: (error: Error) => void;
}

/** An engine about which something may yet be said. */
export interface StartedEngine extends Engine {
  /** Adds a remark to the description, such as why it was chosen. */
  explain(remark: string): void;
}

/** The number of the answer to the start itself. */
const START = 0;

/** Starts a backend in a thread of its own. */
export async function startThreadedEngine(name: string, options: HostOptions): Promise<StartedEngine> {
  const worker = new Worker(new URL('./host.js', import.meta.url), { workerData: options });
  const engine = new ThreadedEngine(name, worker);
  await engine.started;
  return engine;
}

class ThreadedEngine implements StartedEngine {
  readonly started: Promise<void>;
  readonly #name: string;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #compiled = memoized<Routine, CompiledRoutine>(compileRoutine);
  readonly #routines = new RoutineNumbers((routine) => {
    if (!this.#lost) this.#send({ kind: 'forget', routine });
  });
  #info: EngineInfo | null = null;
  #numbers = 0;
  #lost: Error | null = null;
  #closing: Promise<void> | null = null;

  constructor(name: string, worker: Worker) {
    this.#name = name;
    this.#worker = worker;
    this.started = new Promise((resolve, reject) => {
      this.#pending.set(START, { resolve: () => resolve(), reject });
    });
    worker.on('message', (response: Response) => this.#receive(response));
    worker.on('error', (error) => this.#lose(error.message));
    worker.on('exit', (code) => this.#lose(`its thread ended with code ${code}`));
  }

  get info(): EngineInfo {
    return this.#info!;
  }

  explain(remark: string): void {
    this.#info = { ...this.info, description: `${this.info.description}; ${remark}` };
  }

  async upload({ rows, columns, data }: Matrix): Promise<Tensor> {
    if (data.length !== rows * columns) {
      throw this.#failure(`a ${rows}×${columns} matrix with ${data.length} entries`);
    }
    const id = ++this.#numbers;
    const ownsBuffer = data.byteLength === data.buffer.byteLength;
    const own = ownsBuffer ? data : data.slice();
    const matrix = { rows, columns, data: own };
    await this.#request({ kind: 'upload', tensor: id, matrix }, [own.buffer as ArrayBuffer]);
    return { id, rows, columns };
  }

  async download(tensor: Tensor): Promise<Matrix> {
    return (await this.#request({ kind: 'download', tensor: tensor.id })) as Matrix;
  }

  async run({ routine, inputs, scalars = {}, passes = [] }: Call): Promise<Result> {
    const compiled = this.#compiled(routine);
    const given: Record<string, number> = {};
    for (const name of compiled.inputs) {
      const tensor = inputs[name];
      if (!tensor) throw this.#failure(`"${routine.name}" needs the matrix "${name}"`);
      given[name] = tensor.id;
    }
    const outputs = Object.fromEntries(routine.outputs.map((name) => [name, ++this.#numbers]));
    const { shapes, numbers, seconds } = (await this.#request({
      kind: 'run',
      routine: this.#numberOf(compiled),
      inputs: given,
      outputs,
      scalars,
      passes,
    })) as RunValue;
    const tensors: Record<string, Tensor> = {};
    for (const [name, id] of Object.entries(outputs)) {
      const [rows, columns] = shapes[name]!;
      tensors[name] = { id, rows, columns };
    }
    return { tensors, numbers, seconds };
  }

  release(tensors: Iterable<Tensor>): void {
    if (this.#lost) return;
    this.#send({ kind: 'release', tensors: Array.from(tensors, ({ id }) => id) });
  }

  async statistics(): Promise<EngineStatistics> {
    return (await this.#request({ kind: 'statistics' })) as EngineStatistics;
  }

  abandon(reason: string): void {
    this.#lose(reason);
    // Ends a thread that computes in JavaScript; one that is in native code goes on until it comes back.
    void this.#worker.terminate();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#lost) return;
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    await this.#request({ kind: 'close' });
    this.#lose('it was closed');
    await ended;
  }

  /** Sends a routine to the thread at its first use. */
  #numberOf(compiled: CompiledRoutine): number {
    return this.#routines.of(compiled, (routine) => this.#send({ kind: 'define', routine, compiled }));
  }

  /** Sends a request whose answer nobody waits for. */
  #send(request: Request): void {
    this.#worker.postMessage({ ...request, id: ++this.#numbers });
  }

  #request(request: Request, transfer: ArrayBuffer[] = []): Promise<ResponseValue> {
    if (this.#lost) return Promise.reject(this.#lost);
    const id = ++this.#numbers;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id }, transfer);
    });
  }

  #receive(response: Response): void {
    if (response.kind === 'failed') {
      this.#lose(response.message);
      return;
    }
    const id = response.kind === 'ready' ? START : response.id;
    if (response.kind === 'ready') this.#info = response.info;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (response.kind === 'error') pending?.reject(this.#failure(response.message));
    else pending?.resolve(response.kind === 'done' ? response.value : null);
  }

  #failure(reason: string): LocopropError {
    return new LocopropError('ENGINE_CALL_FAILED', { engine: this.#name, reason });
  }

  #lose(reason: string): void {
    const code = this.#info ? 'ENGINE_LOST' : 'ENGINE_UNAVAILABLE';
    this.#lost ??= new LocopropError(code, { engine: this.#name, reason });
    for (const { reject } of this.#pending.values()) reject(this.#lost);
    this.#pending.clear();
  }
}
