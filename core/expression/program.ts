import type { Axis, Bindings, Expression, Operator } from './expression.js';
import { foldScalar, isScalar } from './scalars.js';

/** One operation on earlier results; `args` are indices into the program's instructions. */
export interface Instruction {
  readonly op: Operator;
  readonly args: readonly number[];
  /** Of an input. */
  readonly name?: string;
  /** Of a constant. */
  readonly value?: number;
  /** Of a scalar: its index into the program's scalars. */
  readonly scalar?: number;
  /** Of a reduction. */
  readonly axis?: Axis;
}

/**
 * Bindings as a list in which every distinct subexpression stands once, after its arguments. This is
 * what engines run, and plain data.
 */
export interface Program {
  readonly instructions: readonly Instruction[];
  /** What to compute in float64 from the scalars of a run, by `Instruction.scalar`. */
  readonly scalars: readonly Expression[];
  /** The instruction that holds each named result. */
  readonly outputs: Readonly<Record<string, number>>;
  /** Names of the matrices that the program reads. */
  readonly inputs: readonly string[];
}

/** Computes nothing. */
export const emptyProgram: Program = { instructions: [], scalars: [], outputs: {}, inputs: [] };

const fieldsOf = (node: Expression): Partial<Instruction> => {
  if (node.op === 'input') return { name: node.name };
  if (node.op === 'constant') return { value: node.value };
  if (node.op === 'sum' || node.op === 'max') return { axis: node.axis };
  return {};
};

/** Orders the bindings for evaluation, sharing what is equal and leaving scalars to the host. */
export function compileBindings(bindings: Bindings): Program {
  const instructions: Instruction[] = [];
  const scalars: Expression[] = [];
  const numberOfKey = new Map<string, number>();
  const numberOfNode = new Map<Expression, number>();

  const place = (instruction: Instruction, key: string): number => {
    const known = numberOfKey.get(key);
    if (known !== undefined) return known;
    instructions.push(instruction);
    numberOfKey.set(key, instructions.length - 1);
    return instructions.length - 1;
  };

  const placeScalar = (node: Expression): number => {
    const folded = foldScalar(node);
    if (folded.op === 'constant') {
      return place({ op: 'constant', args: [], value: folded.value }, `constant ${folded.value}`);
    }
    const key = `scalar ${JSON.stringify(folded)}`;
    const known = numberOfKey.get(key);
    if (known !== undefined) return known;
    scalars.push(folded);
    return place({ op: 'scalar', args: [], scalar: scalars.length - 1 }, key);
  };

  const visit = (node: Expression): number => {
    const known = numberOfNode.get(node);
    if (known !== undefined) return known;
    const number = isScalar(node) ? placeScalar(node) : placeOperation(node);
    numberOfNode.set(node, number);
    return number;
  };

  const placeOperation = (node: Expression): number => {
    const args = 'args' in node ? node.args.map(visit) : [];
    const fields = fieldsOf(node);
    return place({ op: node.op, args, ...fields }, `${node.op} ${args.join(' ')} ${JSON.stringify(fields)}`);
  };

  const outputs = Object.fromEntries(Object.entries(bindings).map(([name, node]) => [name, visit(node)]));
  const inputs = instructions.flatMap(({ name }) => (name === undefined ? [] : [name]));
  return { instructions, scalars, outputs, inputs };
}
