import type { Program } from '../../core/expression/program.js';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import { evaluateScalar, type ScalarValues } from '../../core/expression/scalars.js';
import { shapesOf } from '../../core/expression/shapes.js';
import type { Matrix } from '../../core/matrix.js';
import type { Backend, BackendCall } from '../backend.js';
import type { EngineInfo } from '../engine.js';
import { memoized } from '../memo.js';
import { evaluate, type Arithmetic } from './evaluate.js';
import type { TfTensor, Tfjs } from './library.js';
import { planProgram, type Plan } from './plan.js';
import { operations } from './operations.js';
import type { Runtime } from './runtimes.js';
import { download, shapeOf, upload, wrap, type TfjsTensor } from './tensors.js';

interface Plans {
  readonly setup: Plan;
  readonly body: Plan | null;
  readonly final: Plan;
}

const none: ReadonlySet<string> = new Set();

/** Carries routines out operation by operation. */
export class EagerBackend implements Backend<TfjsTensor> {
  readonly info: EngineInfo;
  readonly #tf: Tfjs;
  readonly #plansOf: (routine: CompiledRoutine) => Plans;
  readonly sessions = 0;

  constructor(info: EngineInfo, { tf, folds }: Pick<Runtime, 'tf' | 'folds'>) {
    this.#tf = tf;
    this.info = info;
    const plan = (program: Program): Plan => planProgram(program, folds);
    this.#plansOf = memoized(({ setup, loop, final }) => {
      return { setup: plan(setup), body: loop && plan(loop.body), final: plan(final) };
    });
  }

  upload(matrix: Matrix): TfjsTensor {
    return upload(this.#tf, matrix);
  }

  download(tensor: TfjsTensor): Matrix {
    return download(tensor);
  }

  run(call: BackendCall<TfjsTensor>): Map<string, TfjsTensor> {
    const plans = this.#plansOf(call.routine);
    const results = this.#tf.tidy(() => this.#evaluate(plans, call));
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
    const arithmetic = tensorArithmetic(this.#tf);
    /** What the sections have bound: it is this call's, unlike its inputs. */
    const bound = new Map<string, TfTensor>();
    const run = (plan: Plan, values: ScalarValues, consumed: ReadonlySet<string>): void => {
      const numbers = plan.program.scalars.map((expression) => evaluateScalar(expression, values));
      const scalar = (index: number): TfTensor => arithmetic.number(numbers[index]!);
      for (const [name, tensor] of evaluate(arithmetic, plan, { environment, consumed, scalar })) {
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
}

/** Operations of TensorFlow.js. Numbers are made once each. */
function tensorArithmetic(tf: Tfjs): Arithmetic<TfTensor> {
  const made = new Map<number, TfTensor>();
  return {
    number: (number) => {
      const matrix = made.get(number) ?? tf.tensor2d(Float32Array.of(number), [1, 1]);
      made.set(number, matrix);
      return matrix;
    },
    compute: (args, step) => operations[step.op](tf, args, step),
    dispose: (tensor) => tensor.dispose(),
    clone: (tensor) => tensor.clone(),
  };
}

/** @throws RangeError where shapes do not fit */
const checkShapes = (program: Program, environment: ReadonlyMap<string, TfTensor>): void => {
  shapesOf(program, new Map(Array.from(environment, ([name, tensor]) => [name, shapeOf(tensor)])));
};
