import { exactRoutine } from '#core/exact.js';
import { add, type Expression, input, multiply, scalar } from '#core/expression/expression.js';
import { compileRoutine, type Routine } from '#core/expression/routine.js';
import { solveRoutine } from '#core/local-problem.js';
import { coordinatorCodec, workerCodec } from '#services/rpc/definition.js';
import type { NodeMessage, RoutineMessage } from '#services/rpc/messages.js';
import { encodeRoutine } from '#services/rpc/routine-codec.js';
import { decodeRoutine } from '#services/rpc/routine-decode.js';
import { describe, expect, it } from 'vitest';
import { optimizerChoices, ruleOf } from '../engine/support.js';

/** Over the wire. */
function sent(routine: Routine): RoutineMessage {
  const bytes = coordinatorCodec.encode({
    message: 'load',
    load: {
      request: 1,
      part: 1,
      layer: 0,
      start: 0,
      end: 1,
      routine: encodeRoutine(routine),
      exact: false,
      step: 0,
      updates: 0,
      weights: null,
      bias: null,
      weightSlots: {},
      biasSlots: {},
      batch: 1,
      resultType: 'ELEMENT_TYPE_F32',
    },
  });
  const message = workerCodec.decode(bytes);
  if (message?.message !== 'load' || !message.load.routine) throw new Error('it is no load');
  return message.load.routine;
}

function survives(routine: Routine): void {
  const back = decodeRoutine(sent(routine), 'peer');
  expect(JSON.stringify(compileRoutine(back))).toBe(JSON.stringify(compileRoutine(routine)));
}

const flags = [true, false];
const regularizers = [{ name: 'none' }, { name: 'l2', lambda: 0.1 }, { name: 'proximal', eta: 0.5 }];

describe('a routine as a message', () => {
  it('of every solve compiles to the same programs', () => {
    let count = 0;
    for (const optimizer of optimizerChoices) {
      for (const localLoss of ['matching', 'squared']) {
        for (const regularizer of regularizers) {
          for (const form of ['direct', 'gram'] as const) {
            if (form === 'gram' && localLoss !== 'squared') continue;
            const names = { localLoss: { name: localLoss }, regularizer };
            const rule = ruleOf({ inputs: 5, units: 3, optimizer, form, ...names });
            for (const objective of flags) {
              for (const repeated of flags) {
                survives(solveRoutine(rule, { preactivationKnown: objective, objective, repeated }));
                count += 1;
              }
            }
          }
        }
      }
    }
    expect(count).toBeGreaterThan(100);
    survives(exactRoutine);
  });

  it('sends what is shared once', () => {
    let node: Expression = input('x');
    for (let level = 0; level < 900; level += 1) node = add(node, node);
    const equal = multiply(add(input('x'), scalar('s')), add(input('x'), scalar('s')));
    const message = encodeRoutine({ name: 'n', setup: { node, equal }, outputs: ['node', 'equal'] });
    expect(message.setup?.nodes.length).toBe(904);
    expect(Object.keys(decodeRoutine(message, 'peer').setup)).toEqual(['node', 'equal']);
  });

  const node = (op: string, args: number[] = [], more: Partial<NodeMessage> = {}): NodeMessage => ({
    op,
    args,
    name: '',
    value: 0,
    axis: '',
    ...more,
  });
  const x = node('input', [], { name: 'x' });
  const valid: RoutineMessage = {
    name: 'r',
    setup: { nodes: [x, node('exp', [0])], results: { y: 1 } },
    body: null,
    while: '',
    final: null,
    outputs: ['y'],
    numbers: [],
  };
  const nodes = (...list: NodeMessage[]): Partial<RoutineMessage> => ({
    setup: { nodes: list, results: { y: list.length - 1 } },
  });
  const chain = (first: NodeMessage, length: number, op: string): Partial<RoutineMessage> =>
    nodes(first, ...Array.from({ length }, (_, index) => node(op, op === 'exp' ? [index] : [index, index])));

  it.each<[string, Partial<RoutineMessage>, RegExp]>([
    ['an unknown operator', nodes(x, node('eval', [0])), /unknown operator "eval"/],
    ['an operator of every object', nodes(x, node('toString', [0])), /unknown operator/],
    ['too few arguments', nodes(x, node('add', [0])), /1 arguments for add/],
    ['very many arguments', nodes(x, node('add', Array<number>(1e6).fill(0))), /1000000 arguments/],
    ['an argument that comes later', nodes(x, node('exp', [1])), /node 1 read node 1/],
    ['an axis that is none', nodes(x, node('sum', [0], { axis: '2' })), /reduces along "2"/],
    ['a name that is empty', nodes(node('input')), /name of 0 characters/],
    ['a name that is too long', nodes(node('input', [], { name: 'x'.repeat(501) })), /501 characters/],
    ['a name of every object', nodes(node('input', [], { name: 'constructor' })), /"constructor"/],
    ['too many nodes', nodes(...Array<NodeMessage>(10_001).fill(x)), /10001 nodes/],
    ['too deep a nesting', chain(x, 1001, 'exp'), /1000 levels/],
    ['scalars that double', chain(node('scalar', [], { name: 's' }), 60, 'add'), /too much from scalars/],
    ['a result that is not there', { setup: { nodes: [x], results: { y: 1 } } }, /binds "y" to node 1/],
    ['an output that is not there', { outputs: ['z'] }, /returns "z"/],
    ['a number that is not there', { numbers: ['z'] }, /returns "z"/],
    ['a condition without a loop', { while: 'y' }, /condition and no loop/],
    ['a condition that is not there', { while: 'z', body: valid.setup }, /loop does not compute/],
  ])('is refused with %s', (_, change, problem) => {
    expect(() => decodeRoutine({ ...valid, ...change }, 'peer')).toThrow(problem);
    expect(() => decodeRoutine({ ...valid, ...change }, 'peer')).toThrow(
      expect.objectContaining({ code: 'CLUSTER_PEER_INVALID' }) as Error,
    );
  });

  it('is accepted where nothing is wrong', () => {
    expect(decodeRoutine(valid, 'peer').outputs).toEqual(['y']);
  });
});
