import * as ort from 'onnxruntime-node';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import { evaluateScalar, type ScalarValues } from '../../core/expression/scalars.js';
import type { Program } from '../../core/expression/program.js';
import type { Shape } from '../../core/expression/shapes.js';
import type { Matrix } from '../../core/matrix.js';
import type { Backend, BackendCall, BackendOptions, BackendTensor } from '../backend.js';
import type { EngineInfo } from '../engine.js';
import { BufferPool } from './buffer-pool.js';
import { buildModel, feeds, isUnrolled, type Model } from './model.js';
import { SessionCache } from './session-cache.js';

interface OnnxTensor extends BackendTensor {
  readonly data: Float32Array;
}

interface Session {
  readonly session: ort.InferenceSession;
  readonly results: Model['results'];
}

const asOrtTensor = ({ shape, data }: OnnxTensor): ort.Tensor => new ort.Tensor('float32', data, [...shape]);

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

/**
 * Keys of onnxruntime_session_options_config_keys.h, as nested objects. What they gave was measured on
 * two cores, on solves with K = 10 and B = 1000.
 */
const sessionConfig = {
  session: {
    // An operation is shorter than it takes to wake a thread: a solve of 250×500 takes 38 ms with threads
    // that sleep in between, 34 ms with threads that spin.
    intra_op: { allow_spinning: '1' },
    // Every session has threads of its own: those of an idle one would keep the processors from the one
    // at work, a solve of 250×500 then takes 46 ms.
    force_spinning_stop: '1',
  },
  optimization: {
    // Xᵀ is formed once and is a plain operand then: the product that transposes its first operand is a
    // quarter slower. And an activation fused into a product runs on one thread only.
    disable_specified_optimizers: 'MatmulTransposeFusion;GemmActivationFusion',
  },
};

/** Runs each routine as one ONNX graph, on the CPU. */
class OnnxBackend implements Backend<OnnxTensor> {
  readonly info: EngineInfo;
  readonly #cache = new SessionCache<Session>(({ session }) => session.release());
  readonly #buffers = new BufferPool();
  readonly #routines = new Map<CompiledRoutine, number>();

  constructor(threads: number) {
    const description = `ONNX Runtime ${ort.env.versions.node ?? ''} on the CPU`;
    this.info = { name: 'onnx', precision: 'float32', threads, description };
  }

  get sessions(): number {
    return this.#cache.size;
  }

  upload({ rows, columns, data }: Matrix): OnnxTensor {
    return { shape: [rows, columns], data: data instanceof Float32Array ? data : Float32Array.from(data) };
  }

  download({ shape, data }: OnnxTensor): Matrix {
    return { rows: shape[0], columns: shape[1], data: data.slice() };
  }

  async run({ routine, inputs, scalars, passes }: BackendCall<OnnxTensor>): Promise<Map<string, OnnxTensor>> {
    const { session, results } = await this.#sessionFor(routine, inputs, passes.length);
    const given = Object.fromEntries<ort.Tensor>([
      ...Array.from(inputs, ([name, tensor]): [string, ort.Tensor] => [
        feeds.matrix(name),
        asOrtTensor(tensor),
      ]),
      ...scalarFeeds(routine.setup, scalars, feeds.setup),
      ...scalarFeeds(routine.final, scalars, feeds.final),
      ...(routine.loop ? passFeeds(routine.loop.body, passes) : []),
    ]);
    const tensors = new Map<string, OnnxTensor>();
    const wanted: Record<string, ort.Tensor> = {};
    for (const [name, { value, shape }] of results) {
      const tensor = { shape, data: this.#buffers.take(shape[0] * shape[1]) };
      tensors.set(name, tensor);
      wanted[value] = asOrtTensor(tensor);
    }
    await session.run(given, wanted);
    return tensors;
  }

  release({ data }: OnnxTensor): void {
    this.#buffers.give(data);
  }

  async close(): Promise<void> {
    await this.#cache.clear();
  }

  /** The session of a routine for inputs of these shapes and so many passes. */
  #sessionFor(
    routine: CompiledRoutine,
    inputs: ReadonlyMap<string, OnnxTensor>,
    passes: number,
  ): Promise<Session> {
    const shapes = new Map<string, Shape>(Array.from(inputs, ([name, { shape }]) => [name, shape]));
    if (!this.#routines.has(routine)) this.#routines.set(routine, this.#routines.size);
    const unrolled = isUnrolled(routine, passes) ? passes : 'any';
    const key = `${this.#routines.get(routine)} ${[...shapes.values()].join(' ')} ${unrolled}`;
    return this.#cache.get(key, async () => {
      const model = buildModel(routine, shapes, passes);
      const session = await ort.InferenceSession.create(model.bytes, {
        executionProviders: ['cpu'],
        intraOpNumThreads: this.info.threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        logSeverityLevel: 3,
        extra: sessionConfig,
      });
      const bytes = [...shapes.values()].reduce((total, shape) => total + 4 * shape[0] * shape[1], 0);
      return { value: { session, results: model.results }, bytes };
    });
  }
}

export const createBackend = ({ threads }: BackendOptions): Backend => new OnnxBackend(threads);
