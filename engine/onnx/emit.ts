import type { Instruction, Program } from '../../core/expression/program.js';
import type { GraphForm } from './form.js';
import type { GraphBuilder } from './graph.js';

/** A value of the model: its name and whether it changes with each pass of the loop. */
export interface Value {
  readonly name: string;
  readonly inLoop: boolean;
}

/** Where nodes go: what does not change in the loop is computed once, outside of it. */
export interface Graphs {
  readonly outer: GraphBuilder;
  readonly body?: GraphBuilder;
  readonly form: GraphForm;
}

const operators: Partial<Record<EmittedInstruction['op'], string>> = {
  negate: 'Neg',
  abs: 'Abs',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  add: 'Add',
  subtract: 'Sub',
  multiply: 'Mul',
  divide: 'Div',
  power: 'Pow',
  maximum: 'Max',
  minimum: 'Min',
  greater: 'Greater',
  where: 'Where',
  matmul: 'MatMul',
};

const axes = (axis: Instruction['axis']): number[] => (axis === 'all' ? [0, 1] : [axis ?? 0]);

/** An instruction, or what one node makes of two. */
type EmittedInstruction = Omit<Instruction, 'op'> & {
  readonly op: Instruction['op'] | 'sumOfSquares' | 'matmulOfTransposed';
};

/** A sum of squares needs no matrix of the squares, and a product no transposed copy of its second operand. */
function inOneNode({ instructions }: Program, instruction: Instruction): EmittedInstruction {
  const argument = (index: number): Instruction => instructions[instruction.args[index]!]!;
  if (instruction.op === 'sum' && instruction.axis === 'all') {
    const { op, args } = argument(0);
    const squares = op === 'multiply' && args[0] === args[1];
    if (squares) return { ...instruction, op: 'sumOfSquares', args: [args[0]!] };
  }
  if (instruction.op === 'matmul' && argument(1).op === 'transpose') {
    const args = [instruction.args[0]!, argument(1).args[0]!];
    return { ...instruction, op: 'matmulOfTransposed', args };
  }
  return instruction;
}

function operation(
  graph: GraphBuilder,
  { op, axis }: EmittedInstruction,
  args: readonly string[],
  { logOfAnything }: GraphForm,
): string {
  if (op === 'log' && !logOfAnything) return logOfPositive(graph, args[0]!);
  if (op === 'matmulOfTransposed') return graph.node('Gemm', args, { transB: 1 })[0]!;
  if (op === 'transpose') return graph.node('Transpose', args, { perm: [1, 0] })[0]!;
  // The axes are an input of ReduceSum but, until opset 18, an attribute of other reductions.
  if (op === 'sum')
    return graph.node('ReduceSum', [...args, graph.integers(axes(axis))], { keepdims: 1 })[0]!;
  const reduction = { max: 'ReduceMax', sumOfSquares: 'ReduceSumSquare' }[op as string];
  if (reduction) return graph.node(reduction, args, { axes: axes(axis), keepdims: 1 })[0]!;
  const operator = operators[op];
  if (!operator) throw new TypeError(`no ONNX operator for "${op}"`);
  return graph.node(operator, args)[0]!;
}

/** The logarithm where Log is right for positive numbers alone: −∞ at 0, NaN below. */
function logOfPositive(graph: GraphBuilder, x: string): string {
  const node = (opType: string, ...inputs: string[]): string => graph.node(opType, inputs)[0]!;
  const zero = graph.float(0);
  const rest = node('Where', node('Equal', x, zero), graph.float(-Infinity), graph.float(NaN));
  return node('Where', node('Greater', x, zero), node('Log', x), rest);
}

/**
 * Adds a program's nodes and returns its results by name.
 * @param environment what the program's inputs are
 * @param scalarOf the value of one of the program's scalars
 */
export function emitProgram(
  program: Program,
  graphs: Graphs,
  environment: ReadonlyMap<string, Value>,
  scalarOf: (index: number) => Value,
): Map<string, Value> {
  const values = new Map<number, Value>();
  const outputs = Object.entries(program.outputs);
  return new Map(outputs.map(([name, at]): [string, Value] => [name, valueOf(at)]));

  /** Nodes are added as they are asked for: where two operations become one node, the first may go unused. */
  function valueOf(at: number): Value {
    const value = values.get(at) ?? emitInstruction(inOneNode(program, program.instructions[at]!));
    values.set(at, value);
    return value;
  }

  function emitInstruction(instruction: EmittedInstruction): Value {
    const { op, args, name, value, scalar } = instruction;
    if (op === 'input') return environment.get(name!)!;
    if (op === 'constant') return { name: graphs.outer.float(value!), inLoop: false };
    if (op === 'scalar') return scalarOf(scalar!);
    const operands = args.map(valueOf);
    const inLoop = operands.some((operand) => operand.inLoop);
    const graph = inLoop ? graphs.body! : graphs.outer;
    return {
      name: operation(
        graph,
        instruction,
        operands.map((operand) => operand.name),
        graphs.form,
      ),
      inLoop,
    };
  }
}
