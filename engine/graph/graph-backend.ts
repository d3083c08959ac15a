import type { CompiledRoutine } from '../../core/expression/routine.js';
import type { ScalarValues } from '../../core/expression/scalars.js';
import type { Shape } from '../../core/expression/shapes.js';
import type { Matrix } from '../../core/matrix.js';
import { messageOf } from '../../core/errors/message.js';
import { BackendLost, type Backend, type BackendCall, type BackendTensor } from '../backend.js';
import type { EngineInfo } from '../engine.js';
import { memoized } from '../memo.js';
import { numberFeeds, type NumberFeeds } from './feeds.js';
import { isUnrolled, type LoopForm } from './loop-form.js';
import { piecesOf } from './pieces.js';
import { SessionCache } from './session-cache.js';

/** A library that compiles graphs of operations and runs each in one call. */
export interface GraphRuntime<T extends BackendTensor, Session> {
  readonly info: EngineInfo;
  readonly form: LoopForm;
  /** Takes `matrix.data` over. */
  upload(matrix: Matrix): T | Promise<T>;
  /** A copy. */
  download(tensor: T): Matrix | Promise<Matrix>;
  release(tensor: T): void;
  /**
   * Compiles a routine for inputs of these shapes.
   * @param passes of its loop; where that is not unrolled, the session takes any number
   * @returns the session, and the bytes that it works on
   * @throws RangeError where shapes do not fit
   */
  compile(
    routine: CompiledRoutine,
    shapes: ReadonlyMap<string, Shape>,
    passes: number,
  ): Promise<{ value: Session; bytes: number }>;
  /** New tensors for the outputs and numbers of the session's routine, by name. */
  run(session: Session, given: Given<T>): Promise<Map<string, T>>;
  dispose(session: Session): Promise<void>;
  close(): void | Promise<void>;
  /** Asked after a failure. @throws Error where the device is gone */
  readonly probe?: (() => Promise<void>) | undefined;
}

/** What a session is run with. */
export interface Given<T> extends NumberFeeds {
  readonly inputs: ReadonlyMap<string, T>;
  /** How many. */
  readonly passes: number;
}

/** Runs each routine as one graph, or a long loop as a few. */
export class GraphBackend<T extends BackendTensor, Session> implements Backend<T> {
  readonly info: EngineInfo;
  readonly #runtime: GraphRuntime<T, Session>;
  readonly #cache: SessionCache<Session>;
  readonly #numberOf = memoized<CompiledRoutine, number>(() => ++this.#routines);
  #routines = 0;
  readonly #pieces = memoized(piecesOf);

  constructor(runtime: GraphRuntime<T, Session>, sessionBytes?: number) {
    this.info = runtime.info;
    this.#runtime = runtime;
    this.#cache = new SessionCache((session) => runtime.dispose(session), sessionBytes);
  }

  get sessions(): number {
    return this.#cache.size;
  }

  upload(matrix: Matrix): Promise<T> {
    return this.#attempt(() => this.#runtime.upload(matrix));
  }

  download(tensor: T): Promise<Matrix> {
    return this.#attempt(() => this.#runtime.download(tensor));
  }

  run(call: BackendCall<T>): Promise<Map<string, T>> {
    const { routine, passes } = call;
    const { form } = this.#runtime;
    const inOneGraph = !routine.loop || form.longLoops === 'node' || isUnrolled(routine, passes.length, form);
    return this.#attempt(() => (inOneGraph ? this.#runGraph(call) : this.#runPieces(call)));
  }

  release(tensor: T): void {
    this.#runtime.release(tensor);
  }

  async close(): Promise<void> {
    await this.#cache.clear();
    await this.#runtime.close();
  }

  /** A failure that leaves no device behind is the end of the engine. */
  async #attempt<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      await this.#runtime.probe?.().catch((lost: unknown) => {
        throw new BackendLost(`its device is gone: ${messageOf(error)}; then ${messageOf(lost)}`);
      });
      throw error;
    }
  }

  /** Runs a long loop in several calls, without the values between them leaving the memory that they are in. */
  async #runPieces({ routine, inputs, scalars, passes }: BackendCall<T>): Promise<Map<string, T>> {
    const { before, passes: some, after } = this.#pieces(routine);
    const held = new Map(inputs);
    const own = new Map<string, T>();
    const take = (results: ReadonlyMap<string, T>): void => {
      for (const [name, tensor] of results) {
        if (own.has(name)) this.release(own.get(name)!);
        own.set(name, tensor);
        held.set(name, tensor);
      }
    };
    const run = (piece: CompiledRoutine, of: readonly ScalarValues[] = []): Promise<Map<string, T>> => {
      const given = new Map(piece.inputs.map((name) => [name, held.get(name)!]));
      return this.#runGraph({ routine: piece, inputs: given, scalars, passes: of });
    };
    try {
      take(await run(before));
      const [condition] = some.numbers;
      const most = condition === undefined ? this.#runtime.form.mostUnrolledPasses : 1;
      for (let done = 0; done < passes.length; done += most) {
        take(await run(some, passes.slice(done, done + most)));
        if (condition !== undefined && !(await this.download(held.get(condition)!)).data[0]) break;
      }
      return await run(after);
    } finally {
      for (const tensor of own.values()) this.release(tensor);
    }
  }

  async #runGraph({ routine, inputs, scalars, passes }: BackendCall<T>): Promise<Map<string, T>> {
    const session = await this.#sessionFor(routine, inputs, passes.length);
    const numbers = numberFeeds(routine, scalars, passes);
    return this.#runtime.run(session, { ...numbers, inputs, passes: passes.length });
  }

  /** The session of a routine for inputs of these shapes and so many passes. */
  #sessionFor(routine: CompiledRoutine, inputs: ReadonlyMap<string, T>, passes: number): Promise<Session> {
    const shapes = new Map<string, Shape>(Array.from(inputs, ([name, { shape }]) => [name, shape]));
    const unrolled = isUnrolled(routine, passes, this.#runtime.form) ? passes : 'any';
    const key = `${this.#numberOf(routine)} ${[...shapes.values()].join(' ')} ${unrolled}`;
    return this.#cache.get(key, () => this.#runtime.compile(routine, shapes, passes));
  }
}
