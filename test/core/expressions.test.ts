import {
  add,
  constant,
  exp,
  input,
  matmul,
  maximum,
  minimum,
  multiply,
  scalar,
  square,
  subtract,
  sum,
  transpose,
  where,
  greater,
  power,
  max,
  type Expression,
} from '#core/expression/expression.js';
import { compileBindings, type Instruction } from '#core/expression/program.js';
import { compileRoutine, type Routine } from '#core/expression/routine.js';
import { evaluateScalar, foldScalar, isScalar } from '#core/expression/scalars.js';
import { shapesOf, type Shape } from '#core/expression/shapes.js';
import { describe, expect, it } from 'vitest';

const [x, y] = [input('x'), input('y')];

describe('a program', () => {
  const operations = (instructions: readonly Instruction[]): string[] => instructions.map(({ op }) => op);

  it('computes equal subexpressions once, whether or not they are the same object', () => {
    const { instructions, outputs } = compileBindings({
      first: add(multiply(input('x'), input('y')), 1),
      second: exp(multiply(input('x'), input('y'))),
      third: add(multiply(input('x'), input('y')), 1),
    });
    expect(operations(instructions)).toEqual(['input', 'input', 'multiply', 'constant', 'add', 'exp']);
    expect(outputs['third']).toBe(outputs['first']);
  });

  it('keeps apart what differs in an axis, a name or a number only', () => {
    const { outputs } = compileBindings({
      rows: sum(x, 0),
      columns: sum(x, 1),
      largest: max(x, 0),
      other: sum(y, 0),
      one: add(x, 1),
      two: add(x, 2),
      turned: subtract(x, y),
      back: subtract(y, x),
    });
    expect(new Set(Object.values(outputs)).size).toBe(8);
  });

  it('puts every instruction after its arguments', () => {
    const { instructions } = compileBindings({ result: sum(square(subtract(matmul(x, y), exp(x))), 'all') });
    for (const [index, { args }] of instructions.entries()) {
      for (const arg of args) expect(arg).toBeLessThan(index);
    }
  });

  it('stays small where an expression uses itself often', () => {
    let grown: Expression = x;
    for (let level = 0; level < 60; level++) grown = add(grown, grown);
    expect(compileBindings({ grown }).instructions).toHaveLength(61);
  });

  it('leaves what depends on scalars alone to the host, once', () => {
    const correction = (): Expression => subtract(1, power(0.9, scalar('count')));
    const { instructions, scalars } = compileBindings({
      scaled: multiply(correction(), x),
      shifted: add(x, correction()),
    });
    expect(operations(instructions)).toEqual(['scalar', 'input', 'multiply', 'add']);
    expect(scalars.map((expression) => evaluateScalar(expression, { count: 2 }))).toEqual([1 - 0.9 ** 2]);
  });

  it('folds what depends on nothing', () => {
    const { instructions, scalars } = compileBindings({
      result: multiply(x, add(2, multiply(3, constant(4)))),
    });
    expect(instructions[1]).toEqual({ op: 'constant', args: [], value: 14 });
    expect(scalars).toEqual([]);
  });

  it('names its inputs', () => {
    expect(compileBindings({ a: add(x, y), b: x, c: constant(1) }).inputs).toEqual(['x', 'y']);
  });
});

describe('a scalar expression', () => {
  it.each<[string, Expression, number]>([
    ['of two negative numbers, the larger', maximum(-1, -2), -1],
    ['of two positive numbers, the smaller', minimum(3, 5), 3],
    ['a branch', where(greater(2, 1), 10, 20), 10],
    ['the other branch', where(greater(1, 2), 10, 20), 20],
    ['a power', power(2, 10), 1024],
    ['what is a matrix operation on larger shapes', sum(transpose(matmul(3, 4)), 'all'), 12],
  ])('has the value of its numbers: %s', (_, expression, value) => {
    expect(isScalar(expression)).toBe(true);
    expect(evaluateScalar(expression, {})).toBe(value);
    expect(foldScalar(expression)).toEqual(constant(value));
  });

  it('is none if it reads a matrix, and needs its scalars', () => {
    expect(isScalar(add(scalar('rate'), x))).toBe(false);
    expect(foldScalar(scalar('rate'))).toEqual(scalar('rate'));
    expect(() => evaluateScalar(scalar('rate'), {})).toThrow(/no value for the scalar "rate"/);
    expect(() => evaluateScalar(x, {})).toThrow(/the matrix "x" stands in a scalar expression/);
  });
});

describe('a routine', () => {
  const routine: Routine = {
    name: 'test',
    setup: {
      state: multiply(2, input('start')),
      helper: exp(input('weights')),
      unused: input('never'),
      alsoUnused: exp(input('never')),
    },
    loop: { body: { state: add(input('state'), input('helper')) } },
    final: { reported: sum(input('state'), 'all'), dropped: exp(input('neverEither')) },
    outputs: ['state'],
    numbers: ['reported'],
  };

  it('drops from setup and final what nothing reads, and finds what the caller supplies', () => {
    const compiled = compileRoutine(routine);
    expect(Object.keys(compiled.setup.outputs)).toEqual(['state', 'helper']);
    expect(Object.keys(compiled.final.outputs)).toEqual(['reported']);
    expect([...compiled.inputs].sort()).toEqual(['start', 'weights']);
  });

  it('takes from the caller the first value of a state that setup does not bind', () => {
    const compiled = compileRoutine({ ...routine, setup: { helper: routine.setup['helper']! } });
    expect([...compiled.inputs].sort()).toEqual(['state', 'weights']);
  });

  it('may give an input back, and may have neither loop nor final', () => {
    const compiled = compileRoutine({ name: 'plain', setup: {}, outputs: ['given'] });
    expect(compiled).toMatchObject({ loop: null, inputs: ['given'], numbers: [] });
  });

  it('does not carry the condition of the loop from pass to pass', () => {
    const compiled = compileRoutine({
      ...routine,
      loop: { body: { ...routine.loop!.body, going: greater(1, input('state')) }, while: 'going' },
    });
    expect(compiled.inputs).not.toContain('going');
    expect(compiled.loop!.while).toBe('going');
  });

  it('is plain data when it is compiled', () => {
    const compiled = compileRoutine(routine);
    expect(JSON.parse(JSON.stringify(compiled))).toEqual(compiled);
  });
});

describe('shapes', () => {
  const shapeOf = (expression: Expression, shapes: Readonly<Record<string, Shape>>): Shape => {
    const program = compileBindings({ result: expression });
    return shapesOf(program, new Map(Object.entries(shapes)))[program.outputs['result']!]!;
  };

  it.each<[string, Expression, Shape]>([
    ['a row and a column', add(x, y), [4, 3]],
    ['a number and a row', multiply(2, x), [1, 3]],
    ['a scalar and a column', multiply(scalar('rate'), y), [4, 1]],
    ['a product', matmul(y, x), [4, 3]],
    ['a transpose', transpose(x), [3, 1]],
    ['sums of columns', sum(add(x, y), 0), [1, 3]],
    ['sums of rows', sum(add(x, y), 1), [4, 1]],
    ['the largest of all', max(add(x, y), 'all'), [1, 1]],
    ['a branch', where(greater(y, 0), x, 0), [4, 3]],
  ])('follow from those of the inputs: %s', (_, expression, shape) => {
    expect(shapeOf(expression, { x: [1, 3], y: [4, 1] })).toEqual(shape);
  });

  it('are refused where they do not fit', () => {
    expect(() => shapeOf(add(x, y), { x: [2, 3], y: [2, 4] })).toThrow(RangeError);
    expect(() => shapeOf(add(x, y), { x: [2, 3], y: [3, 3] })).toThrow(/2×3, 3×3 do not fit/);
    expect(() => shapeOf(matmul(x, y), { x: [2, 3], y: [2, 3] })).toThrow(/a product of 2×3 and 2×3/);
    expect(() => shapeOf(where(x, y, 1), { x: [2, 3], y: [4, 1] })).toThrow(RangeError);
    expect(() => shapeOf(add(x, y), { x: [2, 3] })).toThrow(/no matrix for the input "y"/);
  });
});
