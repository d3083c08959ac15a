import * as ort from 'onnxruntime-node';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import type { Shape } from '../../core/expression/shapes.js';
import type { Matrix } from '../../core/matrix.js';
import type { BackendTensor } from '../backend.js';
import type { EngineInfo } from '../engine.js';
import { feeds } from '../graph/feeds.js';
import { GraphBackend, type Given, type GraphRuntime } from '../graph/graph-backend.js';
import type { GraphForm } from './form.js';
import type { Memory } from './memory.js';
import { PASSES } from './emit-routine.js';
import { buildModel, type Model } from './model.js';

interface Session {
  readonly session: ort.InferenceSession;
  readonly loops: boolean;
  readonly results: Model['results'];
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

const singleNumber = (value: number): ort.Tensor => new ort.Tensor('float32', Float32Array.of(value), []);
const list = (values: Float32Array): ort.Tensor => new ort.Tensor('float32', values, [values.length]);
const count = (value: number): ort.Tensor => new ort.Tensor('int64', BigInt64Array.of(BigInt(value)), []);

/** ONNX Runtime. */
class OnnxRuntime<T extends BackendTensor> implements GraphRuntime<T, Session> {
  readonly info: EngineInfo;
  readonly form: GraphForm;
  readonly probe: (() => Promise<void>) | undefined;
  readonly #memory: Memory<T>;
  readonly #options: OnnxSetting<T>['session'];

  constructor({ info, form, probe, memory, session }: OnnxSetting<T>) {
    this.info = info;
    this.form = form;
    this.probe = probe;
    this.#memory = memory;
    this.#options = session;
  }

  upload(matrix: Matrix): T | Promise<T> {
    return this.#memory.upload(matrix);
  }

  download(tensor: T): Matrix | Promise<Matrix> {
    return this.#memory.download(tensor);
  }

  release(tensor: T): void {
    this.#memory.release(tensor);
  }

  async compile(
    routine: CompiledRoutine,
    shapes: ReadonlyMap<string, Shape>,
    passes: number,
  ): Promise<{ value: Session; bytes: number }> {
    const model = buildModel(routine, shapes, passes, this.form, this.#memory.resultsInPlace);
    const { results, entries } = model;
    const session = await ort.InferenceSession.create(model.bytes, {
      ...this.#options(model),
      ...this.#memory.sessionOptions(results),
    });
    return { value: { session, loops: routine.loop !== null, results }, bytes: 4 * entries };
  }

  run(
    { session, loops, results }: Session,
    { inputs, single, lists, passes }: Given<T>,
  ): Promise<Map<string, T>> {
    const given: Record<string, ort.Tensor> = {};
    for (const [name, tensor] of inputs) given[feeds.matrix(name)] = this.#memory.asInput(tensor);
    for (const [name, value] of single) given[name] = singleNumber(value);
    for (const [name, values] of lists) given[name] = list(values);
    if (loops) given[PASSES] = count(passes);
    return this.#memory.run(session, given, results);
  }

  dispose({ session }: Session): Promise<void> {
    return this.#memory.retire(session);
  }

  close(): void | Promise<void> {
    return this.#memory.close();
  }
}

/** Runs each routine as an ONNX graph. */
export class OnnxBackend<T extends BackendTensor> extends GraphBackend<T, Session> {
  /** @param sessionBytes that the sessions which are kept may work on */
  constructor(setting: OnnxSetting<T>, sessionBytes?: number) {
    super(new OnnxRuntime(setting), sessionBytes);
  }
}
