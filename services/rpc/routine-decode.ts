import { LocopropError } from '../../core/errors/error.js';
import type { Bindings, Expression, Operator } from '../../core/expression/expression.js';
import type { Routine } from '../../core/expression/routine.js';
import type { BindingsMessage, NodeMessage, RoutineMessage } from './messages.js';
import { arity, axes } from './routine-codec.js';
import { plainLine } from './text.js';

const MAX_NODES = 10_000;
const MAX_NAMES = 10_000;
const MAX_NAME_LENGTH = 500;
const MAX_ARITY = Math.max(...Object.values(arity));

/** Of nested operations: what reads expressions calls itself for each level. */
const MAX_DEPTH = 1_000;

/** Of all expressions of scalars alone, each with everything shared written out: they are read as trees. */
const MAX_SCALAR_TREES = 100_000;

/**
 * The routine of a peer's message, so bounded that compiling it takes little time and memory.
 *
 * @throws CLUSTER_PEER_INVALID
 */
export function decodeRoutine(message: RoutineMessage, peer: string): Routine {
  const fail = (problem: string): never => {
    const reason = `the routine "${plainLine(message.name).slice(0, 80)}" ${problem}`;
    throw new LocopropError('CLUSTER_PEER_INVALID', { peer, reason });
  };
  const { outputs, numbers } = message;
  const nodes = [message.setup, message.body, message.final].reduce(
    (sum, bindings) => sum + (bindings?.nodes.length ?? 0),
    0,
  );
  if (nodes > MAX_NODES) return fail(`has ${nodes} nodes, over ${MAX_NODES}`);
  if (message.name.length > MAX_NAME_LENGTH) return fail('has too long a name');
  if (outputs.length + numbers.length > MAX_NAMES) return fail('returns too many matrices');
  if (message.while !== '' && !message.body) return fail('has a condition and no loop');

  const setup = decodeBindings(message.setup ?? NONE, fail);
  const body = message.body && decodeBindings(message.body, fail);
  const final = message.final && decodeBindings(message.final, fail);
  const bound = new Set([setup, body ?? {}, final ?? {}].flatMap((bindings) => Object.keys(bindings)));
  for (const name of [...outputs, ...numbers]) {
    if (!bound.has(name)) return fail(`returns "${plainLine(name)}", which it does not compute`);
  }
  if (body && message.while !== '' && !Object.hasOwn(body, message.while)) {
    return fail('has a condition that its loop does not compute');
  }
  return {
    name: message.name,
    setup,
    ...(body && { loop: { body, ...(message.while !== '' && { while: message.while }) } }),
    ...(final && { final }),
    outputs,
    numbers,
  };
}

const NONE: BindingsMessage = { nodes: [], results: {} };

type Fail = (problem: string) => never;

/** What is known of a node that was read. */
interface Built {
  readonly expression: Expression;
  readonly depth: number;
  /** Operations with everything shared written out; Infinity for what depends on a matrix. */
  readonly tree: number;
}

function decodeBindings({ nodes, results }: BindingsMessage, fail: Fail): Bindings {
  const built: Built[] = [];
  let trees = 0;
  for (const [number, node] of nodes.entries()) {
    if (node.args.length > MAX_ARITY) return fail(`has ${node.args.length} arguments for an operator`);
    const args = node.args.map(
      (arg) => built[arg] ?? fail(`has node ${number} read node ${arg}, which is not before it`),
    );
    const depth = 1 + Math.max(0, ...args.map((arg) => arg.depth));
    if (depth > MAX_DEPTH) return fail(`is nested more than ${MAX_DEPTH} levels deep`);
    const tree = node.op === 'input' ? Infinity : args.reduce((sum, arg) => sum + arg.tree, 1);
    if (tree < Infinity) trees += tree;
    if (trees > MAX_SCALAR_TREES) return fail('computes too much from scalars');
    const expression = decodeNode(
      node,
      args.map((arg) => arg.expression),
      fail,
    );
    built.push({ expression, depth, tree });
  }
  const names = Object.entries(results);
  if (names.length > MAX_NAMES) return fail(`binds ${names.length} names, over ${MAX_NAMES}`);
  return Object.fromEntries(
    names.map(([name, number]) => {
      requireName(name, fail);
      const result =
        built[number] ?? fail(`binds "${plainLine(name)}" to node ${number}, which is not there`);
      return [name, result.expression];
    }),
  );
}

const isOperator = (op: string): op is Operator => Object.hasOwn(arity, op);

function decodeNode(node: NodeMessage, args: readonly Expression[], fail: Fail): Expression {
  const { op } = node;
  if (!isOperator(op)) return fail(`has the unknown operator "${plainLine(op)}"`);
  if (args.length !== arity[op]) return fail(`has ${args.length} arguments for ${op}`);
  if (op === 'input' || op === 'scalar') {
    requireName(node.name, fail);
    return { op, name: node.name };
  }
  if (op === 'constant') return { op, value: node.value };
  if (op === 'sum' || op === 'max') {
    const axis = Object.hasOwn(axes, node.axis) ? axes[node.axis] : undefined;
    if (axis === undefined) return fail(`reduces along "${plainLine(node.axis)}"`);
    return { op, axis, args: args as [Expression] };
  }
  // The number of arguments is that of the operator.
  return { op, args } as unknown as Expression;
}

function requireName(name: string, fail: Fail): void {
  if (name === '' || name.length > MAX_NAME_LENGTH) fail(`has a name of ${name.length} characters`);
  // Names of what every object has would seem to be bound everywhere.
  if (name in {}) fail(`has the name "${name}"`);
}
