import {
  abs,
  add,
  constant,
  divide,
  exp,
  greater,
  input,
  log,
  matmul,
  max,
  maximum,
  minimum,
  multiply,
  negate,
  power,
  scalar,
  sigmoid,
  sqrt,
  subtract,
  sum,
  tanh,
  transpose,
  where,
  type Expression,
} from '#core/expression/expression.js';
import type { Matrix } from '#core/matrix.js';
import { describe, expect, it } from 'vitest';
import { matrix, relativeDifference, routineOf, rowsOf, runOn } from '../support.js';
import type { Running } from './subject.js';

const [x, y] = [input('x'), input('y')];

const values = [-30, -3.5, -1, -0.25, 0, 0.25, 1, 3.5, 30];

/** Unary operators with the function of Math that each must agree with, and where it is defined. */
const unary: Record<string, [Expression, (value: number) => number, (value: number) => boolean]> = {
  negate: [negate(x), (value) => -value, () => true],
  abs: [abs(x), Math.abs, () => true],
  exp: [exp(x), Math.exp, (value) => value < 5],
  log: [log(x), Math.log, (value) => value > 0],
  sqrt: [sqrt(x), Math.sqrt, (value) => value >= 0],
  tanh: [tanh(x), Math.tanh, () => true],
  sigmoid: [sigmoid(x), (value) => 1 / (1 + Math.exp(-value)), () => true],
};

const pairs = [
  [1.5, -2],
  [-2, 1.5],
  [3, 3],
  [0, 4],
  [-3, -1],
  [-1, -3],
  [0.5, 0.25],
] as const;

const binary: Record<string, [Expression, (left: number, right: number) => number]> = {
  add: [add(x, y), (left, right) => left + right],
  subtract: [subtract(x, y), (left, right) => left - right],
  multiply: [multiply(x, y), (left, right) => left * right],
  divide: [divide(x, y), (left, right) => left / right],
  power: [power(abs(x), y), (left, right) => Math.abs(left) ** right],
  maximum: [maximum(x, y), Math.max],
  minimum: [minimum(x, y), Math.min],
  greater: [where(greater(x, y), 1, 0), (left, right) => (left > right ? 1 : 0)],
};

/** Each operator against a closed form. */
export function operatorContract(running: () => Running): void {
  const evaluate = async (expression: Expression, inputs: Record<string, Matrix>): Promise<Matrix> => {
    const routine = routineOf({ result: expression });
    return (await runOn(running().engine, { routine, inputs })).matrices['result']!;
  };
  const rows = async (expression: Expression, inputs: Record<string, Matrix>): Promise<number[][]> =>
    rowsOf(await evaluate(expression, inputs));

  describe('operators', () => {
    it.each(Object.keys(unary))('%s agrees with Math', async (name) => {
      const [expression, expected, defined] = unary[name]!;
      const arguments_ = values.filter(defined);
      const result = await evaluate(expression, { x: matrix([arguments_]) });
      const difference = relativeDifference(result, matrix([arguments_.map(expected)]));
      expect(difference).toBeLessThanOrEqual(running().tolerance);
    });

    it.each(Object.keys(binary))('%s agrees with its definition', async (name) => {
      const [expression, expected] = binary[name]!;
      const inputs = {
        x: matrix([pairs.map(([left]) => left)]),
        y: matrix([pairs.map(([, right]) => right)]),
      };
      const difference = relativeDifference(
        await evaluate(expression, inputs),
        matrix([pairs.map(([left, right]) => expected(left, right))]),
      );
      expect(difference).toBeLessThanOrEqual(running().tolerance);
    });

    it('broadcast rows, columns and numbers', async () => {
      const inputs = { x: matrix([[1, 2, 3]]), y: matrix([[10], [20]]) };
      const sums = [
        [11, 12, 13],
        [21, 22, 23],
      ];
      expect(await rows(add(x, y), inputs)).toEqual(sums);
      expect(await rows(add(y, x), inputs)).toEqual(sums);
      expect(await rows(multiply(2, y), inputs)).toEqual([[20], [40]]);
      expect(await rows(where(greater(y, 15), x, constant(0)), inputs)).toEqual([
        [0, 0, 0],
        [1, 2, 3],
      ]);
    });

    it('multiply and transpose matrices', async () => {
      const inputs = {
        x: matrix([
          [1, 2, 3],
          [4, 5, 6],
        ]),
        y: matrix([[1], [-1], [2]]),
      };
      expect(await rows(matmul(x, y), inputs)).toEqual([[5], [11]]);
      expect(await rows(transpose(x), inputs)).toEqual([
        [1, 4],
        [2, 5],
        [3, 6],
      ]);
      expect(await rows(matmul(transpose(y), transpose(x)), inputs)).toEqual([[5, 11]]);
    });

    it('reduce over rows, columns and both', async () => {
      const inputs = {
        x: matrix([
          [1, -7, 3],
          [4, 5, -6],
        ]),
      };
      expect(await rows(sum(x, 0), inputs)).toEqual([[5, -2, -3]]);
      expect(await rows(sum(x, 1), inputs)).toEqual([[-3], [3]]);
      expect(await rows(sum(x, 'all'), inputs)).toEqual([[0]]);
      expect(await rows(max(x, 0), inputs)).toEqual([[4, 5, 3]]);
      expect(await rows(max(x, 1), inputs)).toEqual([[3], [5]]);
      expect(await rows(max(x, 'all'), inputs)).toEqual([[5]]);
    });

    it('pass on what is not finite', async () => {
      const inputs = { x: matrix([[NaN, Infinity, -Infinity, 1e300]]), y: matrix([[1, 0, 2, -1]]) };
      expect(await rows(add(x, y), inputs)).toEqual([
        [NaN, Infinity, -Infinity, running().engine.info.precision === 'float32' ? Infinity : 1e300],
      ]);
      expect((await rows(multiply(x, y), inputs))[0]!.slice(0, 3)).toEqual([NaN, NaN, -Infinity]);
      expect(await rows(sum(x, 'all'), inputs)).toEqual([[NaN]]);
      expect((await rows(maximum(x, 0), inputs))[0]!.slice(0, 3)).toEqual([NaN, Infinity, 0]);
      expect((await rows(minimum(x, 0), inputs))[0]!.slice(0, 3)).toEqual([NaN, 0, -Infinity]);
      expect(await rows(matmul(x, transpose(y)), inputs)).toEqual([[NaN]]);
      expect(await rows(exp(multiply(1000, y)), inputs)).toEqual([[Infinity, 1, Infinity, 0]]);
      expect(await rows(log(y), inputs)).toEqual([[0, -Infinity, expect.closeTo(Math.LN2, 6), NaN]]);
    });

    it('take nothing over from the branch that `where` drops', async () => {
      const inputs = { x: matrix([[4, -4]]) };
      expect(await rows(where(greater(x, 0), sqrt(x), 0), inputs)).toEqual([[2, 0]]);
      expect(await rows(where(greater(input('x'), NaN), 1, 0), inputs)).toEqual([[0, 0]]);
    });

    it('combine scalars in float64', async () => {
      // In float32, 1 − (1 − 1e-9) would be 0.
      const rest = subtract(1, scalar('share'));
      const { engine } = running();
      const { matrices } = await runOn(engine, {
        routine: routineOf({ result: multiply(rest, x) }),
        inputs: { x: matrix([[1]]) },
        scalars: { share: 1 - 1e-9 },
      });
      expect(matrices['result']!.data[0]).toBeCloseTo(1e-9, 15);
    });
  });
}
