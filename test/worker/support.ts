import type { LayerRule } from '#core/layer.js';
import type { Matrix } from '#core/matrix.js';
import type { LayerState } from '#core/state.js';
import type { Engine } from '#engine/engine.js';
import { solveProgram, solveScalars } from '#engine/solve.js';
import type { ElementType, Load, Solve, TensorHeader } from '#services/rpc/messages.js';
import { encodeRoutine } from '#services/rpc/routine-codec.js';
import { Parts, type Receive } from '#worker/parts.js';
import { Programs } from '#worker/programs.js';
import { columnsOf, randomMatrix } from '../engine/support.js';

export const UNBOUNDED = Number.MAX_SAFE_INTEGER;

export const partsOn = (engine: Engine, memoryBytes = UNBOUNDED): Parts =>
  new Parts(engine, { programs: new Programs(), memoryBytes });

export const toFloat32 = ({ rows, columns, data }: Matrix): Matrix<Float32Array> => ({
  rows,
  columns,
  data: Float32Array.from(data),
});

/** A message of the coordinator with what comes after it. */
export interface Sent<Message> {
  readonly message: Message;
  readonly receive: Receive;
  /** Of each matrix, by the id in its header. */
  readonly matrices: ReadonlyMap<number, Matrix<Float32Array>>;
}

let ids = 0;

/** Collects matrices under headers. */
class Cargo {
  readonly matrices = new Map<number, Matrix<Float32Array>>();

  add(matrix: Matrix): TensorHeader {
    const { rows, columns } = matrix;
    const id = ++ids;
    this.matrices.set(id, toFloat32(matrix));
    return { id, rows, columns, type: 'ELEMENT_TYPE_F32' };
  }

  addAll(matrices: Readonly<Record<string, Matrix>>): Record<string, TensorHeader> {
    return Object.fromEntries(Object.entries(matrices).map(([name, matrix]) => [name, this.add(matrix)]));
  }

  of<Message>(message: Message): Sent<Message> {
    const { matrices } = this;
    const receive: Receive = ({ id }) => {
      const { rows, columns, data } = matrices.get(id)!;
      return Promise.resolve({ rows, columns, data: data.slice() });
    };
    return { message, receive, matrices };
  }
}

export interface PartChoice {
  readonly part?: number;
  readonly columns?: readonly [number, number];
  readonly step?: number;
  readonly batch?: number;
  readonly resultType?: ElementType;
}

/** A Load of some columns of a layer's state. */
export function loadOf(rule: LayerRule, state: LayerState, choice: PartChoice = {}): Sent<Load> {
  const {
    part = 1,
    columns = [0, rule.units],
    step = 0,
    batch = 200,
    resultType = 'ELEMENT_TYPE_F32',
  } = choice;
  const [start, end] = columns;
  const cut = (matrix: Matrix): Matrix => columnsOf(matrix, start, end);
  const cutAll = (slots: LayerState['weightSlots']): Record<string, Matrix> =>
    Object.fromEntries(Object.entries(slots).map(([slot, matrix]) => [slot, cut(matrix)]));
  const { routine, exact } = solveProgram(rule, { preactivationKnown: false, objective: true });
  const cargo = new Cargo();
  return cargo.of({
    request: ++ids,
    part,
    layer: 3,
    start,
    end,
    routine: encodeRoutine(routine),
    exact,
    step,
    updates: state.updates,
    weights: cargo.add(cut(state.weights)),
    bias: cargo.add(cut(state.bias)),
    weightSlots: cargo.addAll(cutAll(state.weightSlots)),
    biasSlots: cargo.addAll(cutAll(state.biasSlots)),
    batch,
    resultType,
  });
}

export interface ProblemMatrices {
  readonly inputs: Matrix;
  readonly displacement: Matrix;
}

/** A random problem of a whole layer, a function of the seed and the step. */
export const problemOf = (
  seed: number,
  step: number,
  { inputs, units }: LayerRule,
  examples: number,
): ProblemMatrices => ({
  inputs: toFloat32(randomMatrix(seed, `inputs ${step}`, examples, inputs)),
  displacement: toFloat32(randomMatrix(seed, `displacement ${step}`, examples, units, 0.1)),
});

export interface SolveChoice {
  readonly part?: number;
  readonly columns?: readonly [number, number];
  readonly attempt?: number;
  readonly rateFactor?: number;
  /** Updates that the part has seen. */
  readonly updates?: number;
}

export function solveOf(
  rule: LayerRule,
  step: number,
  problem: ProblemMatrices,
  choice: SolveChoice = {},
): Sent<Solve> {
  const { part = 1, columns = [0, rule.units], attempt = 1, rateFactor = 1 } = choice;
  const examples = problem.inputs.rows;
  const { updates = rule.solver === 'exact' ? 0 : (step - 1) * rule.iterations } = choice;
  const { scalars, passes, updates: made } = solveScalars(rule, { examples, rateFactor, updates });
  const cargo = new Cargo();
  return cargo.of({
    request: ++ids,
    part,
    step,
    attempt,
    inputs: cargo.add(problem.inputs),
    displacement: cargo.add(columnsOf(problem.displacement, ...columns)),
    scalars: { values: scalars },
    passes: passes.map((values) => ({ values })),
    updates: made,
  });
}

/** The bits of a matrix. */
export const bitsOf = ({ rows, columns, data }: Matrix): string =>
  `${rows}×${columns} ${Buffer.from(toFloat32({ rows, columns, data }).data.buffer).toString('base64')}`;
