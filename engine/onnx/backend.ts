import * as ort from 'onnxruntime-node';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import { evaluateScalar, type ScalarValues } from '../../core/expression/scalars.js';
import type { Program } from '../../core/expression/program.js';
import type { Shape } from '../../core/expression/shapes.js';
import type { Matrix } from '../../core/matrix.js';
import { messageOf } from '../../core/errors/message.js';
import { BackendLost, type Backend, type BackendCall, type BackendTensor } from '../backend.js';
import type { EngineInfo } from '../engine.js';
import type { GraphForm } from './form.js';
import type { Memory } from './memory.js';
import { memoized } from '../memo.js';
import { piecesOf } from './pieces.js';
import { isUnrolled } from './emit-routine.js';
import { feeds } from './feeds.js';
import { buildModel, type Model } from './model.js';
import { SessionCache } from './session-cache.js';

interface Session {
  readonly session: ort.InferenceSession;
  readonly results: Model['results'];
}

const scalarFeeds = (
  program: Program,
  scalars: ScalarValues,
  feed: (index: number) => string,
): [string, ort.Tensor][] =>
  program.scalars.map((expression, index) => [
    feed(index),
    new ort.Tensor('float32', Float32Array.of(evaluateScalar(expression, scalars)), []),
  ]);

function passFeeds(body: Program, passes: readonly ScalarValues[]): [string, ort.Tensor][] {
  const lists = body.scalars.map((expression, index): [string, ort.Tensor] => {
    const values = Float32Array.from(passes, (pass) => evaluateScalar(expression, pass));
    return [feeds.pass(index), new ort.Tensor('float32', values, [values.length])];
  });
  const count = new ort.Tensor('int64', BigInt64Array.of(BigInt(passes.length)), []);
  return [[feeds.passes, count], ...lists];
}

/** Where and how the sessions of an engine run. */
export interface OnnxSetting<T extends BackendTensor> {
  readonly info: EngineInfo;
  readonly memory: Memory<T>;
  /** Of the session of a model. */
  readonly session: (model: Model) => ort.InferenceSession.SessionOptions;
  readonly form: GraphForm;
  /** Asked after a failure. @throws Error where the device is gone */
  readonly probe?: () => Promise<void>;
}

/** Runs each routine as one ONNX graph. */
export class OnnxBackend<T extends BackendTensor> implements Backend<T> {
  readonly info: EngineInfo;
  readonly #setting: OnnxSetting<T>;
  readonly #cache = new SessionCache<Session>(({ session }) => session.release());
  readonly #routines = new Map<CompiledRoutine, number>();
  readonly #pieces = memoized(piecesOf);

  constructor(setting: OnnxSetting<T>) {
    this.info = setting.info;
    this.#setting = setting;
  }

  get sessions(): number {
    return this.#cache.size;
  }

  upload(matrix: Matrix): Promise<T> {
    return this.#attempt(() => this.#setting.memory.upload(matrix));
  }

  download(tensor: T): Promise<Matrix> {
    return this.#attempt(() => this.#setting.memory.download(tensor));
  }

  run(call: BackendCall<T>): Promise<Map<string, T>> {
    const { routine, passes } = call;
    const inOneGraph = this.#setting.form.longLoops === 'node' || this.#isUnrolled(routine, passes.length);
    return this.#attempt(() => (inOneGraph || !routine.loop ? this.#runGraph(call) : this.#runPieces(call)));
  }

  /** A failure that leaves no device behind is the end of the engine. */
  async #attempt<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      await this.#setting.probe?.().catch((lost: unknown) => {
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
      const most = condition === undefined ? this.#setting.form.mostUnrolledPasses : 1;
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
    const { memory } = this.#setting;
    const { session, results } = await this.#sessionFor(routine, inputs, passes.length);
    const given = Object.fromEntries<ort.Tensor>([
      ...Array.from(inputs, ([name, tensor]): [string, ort.Tensor] => [
        feeds.matrix(name),
        memory.asInput(tensor),
      ]),
      ...scalarFeeds(routine.setup, scalars, feeds.setup),
      ...scalarFeeds(routine.final, scalars, feeds.final),
      ...(routine.loop ? passFeeds(routine.loop.body, passes) : []),
    ]);
    return memory.run(session, given, results);
  }

  release(tensor: T): void {
    this.#setting.memory.release(tensor);
  }

  async close(): Promise<void> {
    await this.#cache.clear();
    await this.#setting.memory.close();
  }

  #isUnrolled(routine: CompiledRoutine, passes: number): boolean {
    return isUnrolled(routine, passes, this.#setting.form);
  }

  /** The session of a routine for inputs of these shapes and so many passes. */
  #sessionFor(routine: CompiledRoutine, inputs: ReadonlyMap<string, T>, passes: number): Promise<Session> {
    const { form, memory } = this.#setting;
    const shapes = new Map<string, Shape>(Array.from(inputs, ([name, { shape }]) => [name, shape]));
    if (!this.#routines.has(routine)) this.#routines.set(routine, this.#routines.size);
    const unrolled = this.#isUnrolled(routine, passes) ? passes : 'any';
    const key = `${this.#routines.get(routine)} ${[...shapes.values()].join(' ')} ${unrolled}`;
    return this.#cache.get(key, async () => {
      const model = buildModel(routine, shapes, passes, form, memory.resultsInPlace);
      const { results, entries } = model;
      const session = await ort.InferenceSession.create(model.bytes, {
        ...this.#setting.session(model),
        ...memory.sessionOptions(results),
      });
      return { value: { session, results }, bytes: 4 * entries };
    });
  }
}
