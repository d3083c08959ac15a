import {
  add,
  greater,
  input,
  matmul,
  multiply,
  scalar,
  sum,
  type Bindings,
} from '#core/expression/expression.js';
import type { Routine } from '#core/expression/routine.js';
import { describe, expect, it } from 'vitest';
import { matrix, routineOf, rowsOf, runOn, uploadAll } from '../support.js';
import type { Running } from './subject.js';

const x = input('x');
const value = input('value');

/** value ← value · factor + x in every pass. */
const looping = (extra: Partial<Routine> = {}, body: Bindings = {}): Routine => ({
  name: 'looping',
  setup: { value: multiply(1, x), started: add(x, scalar('start')) },
  loop: { body: { value: add(multiply(value, scalar('factor')), x), ...body } },
  final: { total: sum(value, 'all'), shifted: add(value, input('started')) },
  outputs: ['value', 'shifted'],
  numbers: ['total'],
  ...extra,
});

const pass = (factor: number): { factor: number } => ({ factor });

/** Routines, their loops and results. */
export function callContract(running: () => Running): void {
  const run = (routine: Routine, passes: readonly Record<string, number>[]) =>
    runOn(running().engine, { routine, inputs: { x: matrix([[1, 2]]) }, scalars: { start: 10 }, passes });

  describe('calls', () => {
    it.each([
      { factors: [], expected: [1, 2] },
      { factors: [3], expected: [4, 8] },
      { factors: [3, 0.5, -1], expected: [-2, -4] },
    ])('run as many passes as there are scalars: $factors', async ({ factors, expected }) => {
      const { matrices, numbers } = await run(looping(), factors.map(pass));
      expect(rowsOf(matrices['value']!)).toEqual([expected]);
      expect(rowsOf(matrices['shifted']!)).toEqual([[expected[0]! + 11, expected[1]! + 12]]);
      expect(numbers).toEqual({ total: expected[0]! + expected[1]! });
    });

    it('replace all values of a pass at once', async () => {
      // Fibonacci numbers: (a, b) ← (b, a + b).
      const [a, b] = [input('a'), input('b')];
      const routine: Routine = {
        name: 'fibonacci',
        setup: { a: multiply(0, x), b: multiply(1, x) },
        loop: { body: { a: b, b: add(a, b) } },
        outputs: ['a', 'b'],
      };
      const { matrices } = await run(routine, new Array(10).fill({}));
      expect([rowsOf(matrices['a']!), rowsOf(matrices['b']!)]).toEqual([[[55, 110]], [[89, 178]]]);
    });

    it.each([
      { limit: 100, passes: 5, expected: 63 },
      { limit: 10, passes: 50, expected: 15 },
      { limit: 0, passes: 50, expected: 3 },
      { limit: 0, passes: 0, expected: 1 },
    ])('end a loop once its condition is false: at most $passes passes up to $limit', async (given) => {
      const next = add(multiply(value, 2), 1);
      const unfinished = greater(scalar('limit'), sum(multiply(next, input('first')), 'all'));
      const routine: Routine = {
        name: 'doubling',
        setup: { value: multiply(1, x) },
        loop: { body: { value: next, unfinished }, while: 'unfinished' },
        outputs: ['value'],
      };
      const { matrices } = await runOn(running().engine, {
        routine,
        inputs: { x: matrix([[1, 2]]), first: matrix([[1, 0]]) },
        passes: new Array<{ limit: number }>(given.passes).fill({ limit: given.limit }),
      });
      expect(matrices['value']!.data[0]).toBe(given.expected);
    });

    it('give an input back as a tensor of its own', async () => {
      const { engine } = running();
      const routine: Routine = { name: 'same', setup: { one: x, two: x }, outputs: ['one', 'two', 'x'] };
      const inputs = await uploadAll(engine, { x: matrix([[5]]) });
      const { tensors } = await engine.run({ routine, inputs });
      engine.release(Object.values(inputs));
      for (const tensor of Object.values(tensors)) {
        expect(rowsOf(await engine.download(tensor))).toEqual([[5]]);
      }
      engine.release(Object.values(tensors));
    });

    it('leave their inputs as they were', async () => {
      const { engine } = running();
      const inputs = await uploadAll(engine, { x: matrix([[1, 2]]) });
      const first = await engine.run({
        routine: looping(),
        inputs,
        scalars: { start: 1 },
        passes: [pass(3)],
      });
      expect(rowsOf(await engine.download(inputs['x']!))).toEqual([[1, 2]]);
      engine.release([...Object.values(inputs), ...Object.values(first.tensors)]);
    });

    it('take one routine with several shapes', async () => {
      const { engine } = running();
      const routine = routineOf({ product: matmul(x, input('y')) });
      const product = async (rows: number, inner: number, columns: number): Promise<number[]> => {
        const ones = (height: number, width: number) =>
          matrix(Array.from({ length: height }, () => new Array<number>(width).fill(1)));
        const inputs = { x: ones(rows, inner), y: ones(inner, columns) };
        const { matrices } = await runOn(engine, { routine, inputs });
        const { rows: height, columns: width, data } = matrices['product']!;
        return [height, width, ...new Set(data)];
      };
      expect(await product(2, 3, 4)).toEqual([2, 4, 3]);
      expect(await product(5, 6, 1)).toEqual([5, 1, 6]);
      const { sessions } = await engine.statistics();
      expect(await product(2, 3, 4)).toEqual([2, 4, 3]);
      expect((await engine.statistics()).sessions).toBe(sessions);
    });

    it('are carried out in the order in which they are made', async () => {
      const { engine } = running();
      const routine = routineOf({ next: add(x, 1) });
      const tensor = await engine.upload(matrix([[0]]));
      const first = engine.run({ routine, inputs: { x: tensor } });
      const read = engine.download(tensor);
      engine.release([tensor]);
      const { tensors } = await first;
      expect(rowsOf(await read)).toEqual([[0]]);
      expect(rowsOf(await engine.download(tensors['next']!))).toEqual([[1]]);
      engine.release(Object.values(tensors));
    });
  });
}
