import type { Program } from '../../core/expression/program.js';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import { evaluateScalar, type ScalarValues } from '../../core/expression/scalars.js';
import { shapesOf, type Shape } from '../../core/expression/shapes.js';
import { inFloat32, type Matrix } from '../../core/matrix.js';
import type { Backend, BackendCall, BackendOptions, BackendTensor } from '../backend.js';
import type { EngineInfo } from '../engine.js';
import { threadsOf } from './environment.js';
import { evaluate } from './evaluate.js';
import type { TfTensor, Tfjs } from './library.js';
import { planProgram, type Plan } from './plan.js';
import { startRuntime, type Runtime, type RuntimeChoice } from './runtimes.js';

interface TfjsTensor extends BackendTensor {
  readonly tensor: TfTensor;
}

interface Plans {
  readonly setup: Plan;
  readonly body: Plan | null;
  readonly final: Plan;
}

const none: ReadonlySet<string> = new Set();

const wrap = (tensor: TfTensor): TfjsTensor => ({ shape: shapeOf(tensor), tensor });
const shapeOf = ({ shape: [rows = 1, columns = 1] }: TfTensor): Shape => [rows, columns];

/** Evaluates routines operation by operation with TensorFlow.js. */
class TfjsBackend implements Backend<TfjsTensor> {
  readonly info: EngineInfo;
  readonly #runtime: Runtime;
  readonly #plans = new Map<CompiledRoutine, Plans>();

  constructor(runtime: Runtime) {
    const { description, threads, remark } = runtime;
    this.#runtime = runtime;
    this.info = { name: 'tfjs', precision: 'float32', threads, description, ...(remark && { remark }) };
  }

  get sessions(): number {
    return this.#plans.size;
  }

  upload(matrix: Matrix): TfjsTensor {
    const { rows, columns, data } = inFloat32(matrix);
    return wrap(this.#runtime.tf.tensor2d(data, [rows, columns]));
  }

  download({ shape, tensor }: TfjsTensor): Matrix {
    return { rows: shape[0], columns: shape[1], data: new Float32Array(tensor.dataSync()) };
  }

  run(call: BackendCall<TfjsTensor>): Map<string, TfjsTensor> {
    const plans = this.#plansOf(call.routine);
    const results = this.#runtime.tf.tidy(() => this.#evaluate(plans, call));
    return new Map(Object.entries(results).map(([name, tensor]) => [name, wrap(tensor)]));
  }

  release({ tensor }: TfjsTensor): void {
    tensor.dispose();
  }

  close(): void {
    // The thread ends, and TensorFlow.js with it.
  }

  #evaluate(
    { setup, body, final }: Plans,
    { routine, inputs, scalars, passes }: BackendCall<TfjsTensor>,
  ): Record<string, TfTensor> {
    const environment = new Map(Array.from(inputs, ([name, { tensor }]) => [name, tensor]));
    const asMatrix = numberMatrices(this.#runtime.tf);
    /** What the sections have bound: it is this call's, unlike its inputs. */
    const bound = new Map<string, TfTensor>();
    const run = (plan: Plan, values: ScalarValues, consumed: ReadonlySet<string>): void => {
      const numbers = plan.program.scalars.map((expression) => evaluateScalar(expression, values));
      const reading = { environment, consumed, numbers, asMatrix };
      for (const [name, tensor] of evaluate(this.#runtime.tf, plan, reading)) {
        bound.get(name)?.dispose();
        bound.set(name, tensor);
        environment.set(name, tensor);
      }
    };

    checkShapes(setup.program, environment);
    run(setup, scalars, none);
    if (body && passes.length > 0) {
      checkShapes(body.program, environment);
      const condition = routine.loop!.while;
      for (const pass of passes) {
        run(body, pass, new Set(Object.keys(body.program.outputs).filter((name) => bound.has(name))));
        if (condition !== null && bound.get(condition)!.dataSync()[0] === 0) break;
      }
    }
    checkShapes(final.program, environment);
    const results = [...routine.outputs, ...routine.numbers];
    const returned = new Set(results);
    const unread = new Set(bound.keys());
    for (const name of [...results, ...final.program.inputs]) unread.delete(name);
    for (const name of unread) bound.get(name)!.dispose();
    run(final, scalars, new Set([...bound.keys()].filter((name) => !returned.has(name))));
    return Object.fromEntries(
      results.map((name) => [name, bound.get(name) ?? environment.get(name)!.clone()]),
    );
  }

  #plansOf(routine: CompiledRoutine): Plans {
    const known = this.#plans.get(routine);
    if (known) return known;
    const plan = (program: Program): Plan => planProgram(program, this.#runtime.folds);
    const { setup, loop, final } = routine;
    const plans = { setup: plan(setup), body: loop && plan(loop.body), final: plan(final) };
    this.#plans.set(routine, plans);
    return plans;
  }
}

/** Matrices [1, 1] of numbers, one for each. */
function numberMatrices(tf: Tfjs): (number: number) => TfTensor {
  const made = new Map<number, TfTensor>();
  return (number) => {
    const matrix = made.get(number) ?? tf.tensor2d(Float32Array.of(number), [1, 1]);
    made.set(number, matrix);
    return matrix;
  };
}

/** @throws RangeError where shapes do not fit */
const checkShapes = (program: Program, environment: ReadonlyMap<string, TfTensor>): void => {
  shapesOf(program, new Map(Array.from(environment, ([name, tensor]) => [name, shapeOf(tensor)])));
};

/** @param choices what it may run on, best first */
export const createBackend = async (
  { threads }: BackendOptions,
  choices?: readonly RuntimeChoice[],
): Promise<Backend> => new TfjsBackend(await startRuntime(threadsOf(threads), choices));
