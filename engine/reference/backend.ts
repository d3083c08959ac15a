import type { Program } from '../../core/expression/program.js';
import { evaluateScalar, type ScalarValues } from '../../core/expression/scalars.js';
import { shapesOf } from '../../core/expression/shapes.js';
import type { Matrix } from '../../core/matrix.js';
import type { Backend, BackendCall, BackendTensor } from '../backend.js';
import { evaluate, type Value } from './evaluate.js';

/** A matrix with its shape as a pair. */
export interface ReferenceTensor extends BackendTensor {
  readonly data: Float64Array;
}

/**
 * The results of a program, by name.
 * @throws RangeError where shapes do not fit, TypeError where an input is missing
 */
function runProgram(
  program: Program,
  environment: ReadonlyMap<string, Value>,
  scalars: ScalarValues,
): Map<string, Value> {
  shapesOf(program, new Map(Array.from(environment, ([name, { shape }]) => [name, shape])));
  const numbers = program.scalars.map((expression) => evaluateScalar(expression, scalars));
  const values: Value[] = [];
  for (const instruction of program.instructions) {
    values.push(evaluate(instruction, values, environment, numbers));
  }
  return new Map(Object.entries(program.outputs).map(([name, at]) => [name, values[at]!]));
}

/** Evaluates routines as they are written, in float64: the oracle for every other engine. */
class ReferenceBackend implements Backend<ReferenceTensor> {
  readonly info = {
    name: 'reference',
    precision: 'float64',
    threads: 1,
    description: 'plain TypeScript, float64',
  } as const;
  readonly sessions = 0;

  upload({ rows, columns, data }: Matrix): ReferenceTensor {
    return { shape: [rows, columns], data: Float64Array.from(data) };
  }

  download({ shape, data }: ReferenceTensor): Matrix {
    return { rows: shape[0], columns: shape[1], data: data.slice() };
  }

  run({ routine, inputs, scalars, passes }: BackendCall<ReferenceTensor>): Map<string, ReferenceTensor> {
    const environment = new Map<string, Value>(inputs);
    const bind = (values: ReadonlyMap<string, Value>): void => {
      for (const [name, value] of values) environment.set(name, value);
    };
    bind(runProgram(routine.setup, environment, scalars));
    if (routine.loop) {
      const { body, while: condition } = routine.loop;
      for (const pass of passes) {
        bind(runProgram(body, environment, pass));
        if (condition !== null && environment.get(condition)!.data[0] === 0) break;
      }
    }
    bind(runProgram(routine.final, environment, scalars));
    return new Map([...routine.outputs, ...routine.numbers].map((name) => [name, environment.get(name)!]));
  }

  release(): void {
    // The garbage collector frees plain arrays.
  }

  close(): void {
    // Nothing is held.
  }
}

export const createBackend = (): Backend => new ReferenceBackend();
