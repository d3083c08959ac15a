import { batchLimit, solveProducts } from '#bench/products.js';
import { uniformMatrix } from '#bench/data.js';
import { compileRoutine, type CompiledRoutine } from '#core/expression/routine.js';
import type { Call, Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { afterAll, beforeAll, expect, it } from 'vitest';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine('reference');
});
afterAll(() => engine.close());

/** The products of a call: those of the setup, and of each pass. */
function productsOf({ setup, loop, final }: CompiledRoutine, passes: number): number {
  const count = (program: typeof setup): number =>
    program.instructions.filter(({ op }) => op === 'matmul').length;
  return count(setup) + passes * (loop ? count(loop.body) : 0) + count(final);
}

it('bare products of a solve are 2K, in one call with one matrix as its result and a number that needs it', async () => {
  const calls: Call[] = [];
  const watched: Engine = {
    info: engine.info,
    upload: (matrix) => engine.upload(matrix),
    download: (tensor) => engine.download(tensor),
    run: (call) => {
      calls.push(call);
      return engine.run(call);
    },
    release: (tensors) => engine.release(tensors),
    statistics: () => engine.statistics(),
    abandon: (reason) => engine.abandon(reason),
    close: () => engine.close(),
  };
  const products = await solveProducts(watched, { inputs: 5, units: 4 }, { batch: 6, iterations: 3 });
  expect(await products.run()).toBeGreaterThan(0);
  products.release();
  expect(calls.length).toBe(1);
  const [{ routine, passes }] = calls as [Call];
  expect(productsOf(compileRoutine(routine), passes!.length)).toBe(2 * 3);
  expect(routine.outputs.length).toBe(1);
  // What makes a device compute them before the call ends.
  expect(routine.numbers?.length).toBe(1);
});

it('a batch of the bare products has XᵀX close to the identity', () => {
  const [batch, inputs] = [4000, 8];
  const { data } = uniformMatrix('inputs', batch, inputs, batchLimit(batch));
  for (let i = 0; i < inputs; i++) {
    for (let j = 0; j < inputs; j++) {
      let product = 0;
      for (let row = 0; row < batch; row++) product += data[row * inputs + i]! * data[row * inputs + j]!;
      // The spread of an entry is 1/√B or less.
      expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(6 / Math.sqrt(batch));
    }
  }
});
