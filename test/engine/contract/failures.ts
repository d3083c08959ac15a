import { LocopropError } from '#core/errors/error.js';
import { add, input, matmul, multiply, scalar } from '#core/expression/expression.js';
import type { Engine } from '#engine/engine.js';
import { describe, expect, it } from 'vitest';
import { matrix, routineOf, rowsOf, runOn, uploadAll } from '../support.js';
import type { Running } from './subject.js';

const [x, y] = [input('x'), input('y')];

/** Calls that cannot be carried out, and what the message must say. */
const failures: Record<
  string,
  { readonly fails: (engine: Engine) => Promise<unknown>; readonly says: RegExp }
> = {
  'shapes that do not broadcast': {
    fails: (engine) =>
      runOn(engine, {
        routine: routineOf({ result: add(x, y) }),
        inputs: { x: matrix([[1, 2, 3]]), y: matrix([[1, 2]]) },
      }),
    says: /1×3, 1×2 do not fit/,
  },
  'a product whose inner sizes differ': {
    fails: (engine) =>
      runOn(engine, { routine: routineOf({ result: matmul(x, x) }), inputs: { x: matrix([[1, 2]]) } }),
    says: /a product of 1×2 and 1×2/,
  },
  'a missing input': {
    fails: (engine) => engine.run({ routine: routineOf({ result: add(x, y) }), inputs: {} }),
    says: /needs the matrix "[xy]"/,
  },
  'a missing scalar': {
    fails: (engine) =>
      runOn(engine, {
        routine: routineOf({ result: multiply(scalar('rate'), x) }),
        inputs: { x: matrix([[1]]) },
      }),
    says: /no value for the scalar "rate"/,
  },
  'a tensor that was released': {
    fails: async (engine) => {
      const tensors = await uploadAll(engine, { x: matrix([[1]]) });
      engine.release(Object.values(tensors));
      return engine.run({ routine: routineOf({ result: multiply(2, x) }), inputs: tensors });
    },
    says: /was released/,
  },
  'a download of a tensor that was released': {
    fails: async (engine) => {
      const tensor = await engine.upload(matrix([[1]]));
      engine.release([tensor]);
      return engine.download(tensor);
    },
    says: /was released/,
  },
  'a matrix with too few entries': {
    fails: (engine) => engine.upload({ rows: 2, columns: 2, data: Float64Array.of(1, 2, 3) }),
    says: /a 2×2 matrix with 3 entries/,
  },
};

/** Failures of a call. */
export function failureContract(running: () => Running): void {
  describe('a call that cannot be carried out', () => {
    it.each(Object.keys(failures))('fails and leaves the engine usable: %s', async (name) => {
      const { engine } = running();
      const { fails, says } = failures[name]!;
      const error = await fails(engine).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(LocopropError);
      expect(error).toMatchObject({
        code: 'ENGINE_CALL_FAILED',
        message: expect.stringMatching(says) as string,
      });

      const routine = routineOf({ result: multiply(2, x) });
      const { matrices } = await runOn(engine, { routine, inputs: { x: matrix([[21]]) } });
      expect(rowsOf(matrices['result']!)).toEqual([[42]]);
    });

    it('fails alone among others under way', async () => {
      const { engine } = running();
      const routine = routineOf({ result: matmul(x, y) });
      const good = { x: matrix([[1, 2]]), y: matrix([[3], [4]]) };
      const outcomes = await Promise.allSettled([
        runOn(engine, { routine, inputs: good }),
        runOn(engine, { routine, inputs: { x: matrix([[1]]), y: matrix([[1], [2]]) } }),
        runOn(engine, { routine, inputs: good }),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    });
  });
}
