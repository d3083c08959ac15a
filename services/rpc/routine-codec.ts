import type { Axis, Bindings, Expression, Operator } from '../../core/expression/expression.js';
import type { Routine } from '../../core/expression/routine.js';
import type { BindingsMessage, NodeMessage, RoutineMessage } from './messages.js';

/** How many arguments each operator takes. */
export const arity: Readonly<Record<Operator, number>> = {
  input: 0,
  scalar: 0,
  constant: 0,
  negate: 1,
  abs: 1,
  exp: 1,
  log: 1,
  sqrt: 1,
  tanh: 1,
  sigmoid: 1,
  transpose: 1,
  sum: 1,
  max: 1,
  add: 2,
  subtract: 2,
  multiply: 2,
  divide: 2,
  power: 2,
  maximum: 2,
  minimum: 2,
  greater: 2,
  matmul: 2,
  where: 3,
};

/** As they are written in a message. */
export const axes: Readonly<Record<string, Axis>> = { '0': 0, '1': 1, all: 'all' };

/** A routine as a message; a subexpression that occurs often is sent once. */
export function encodeRoutine(routine: Routine): RoutineMessage {
  return {
    name: routine.name,
    setup: encodeBindings(routine.setup),
    body: routine.loop ? encodeBindings(routine.loop.body) : null,
    while: routine.loop?.while ?? '',
    final: routine.final ? encodeBindings(routine.final) : null,
    outputs: routine.outputs,
    numbers: routine.numbers ?? [],
  };
}

function encodeBindings(bindings: Bindings): BindingsMessage {
  const nodes: NodeMessage[] = [];
  const numberOfNode = new Map<Expression, number>();
  const numberOfKey = new Map<string, number>();

  const place = (node: NodeMessage): number => {
    // JSON has no −0, NaN or infinities.
    const value = Object.is(node.value, -0) ? '-0' : String(node.value);
    const key = JSON.stringify({ ...node, value });
    const known = numberOfKey.get(key);
    if (known !== undefined) return known;
    numberOfKey.set(key, nodes.length);
    return nodes.push(node) - 1;
  };

  const visit = (expression: Expression): number => {
    const known = numberOfNode.get(expression);
    if (known !== undefined) return known;
    const number = place({
      op: expression.op,
      args: 'args' in expression ? expression.args.map(visit) : [],
      name: 'name' in expression ? expression.name : '',
      value: 'value' in expression ? expression.value : 0,
      axis: 'axis' in expression ? String(expression.axis) : '',
    });
    numberOfNode.set(expression, number);
    return number;
  };

  const results = Object.entries(bindings).map(([name, expression]) => [name, visit(expression)] as const);
  return { nodes, results: Object.fromEntries(results) };
}
