import type { Engine } from '#engine/engine.js';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { engineContract } from './contract/contract.js';
import { expectNoLeak, startOn } from './tfjs-support.js';

/** What runs on npm packages alone; tfjs-node.test.ts has what is built besides. */
describe.each(['wasm', 'cpu'])('on npm packages alone: %s', (runtime) => {
  engineContract(`tfjs on ${runtime}`, {
    start: (threads) => startOn(runtime, threads),
    tolerance: 1e-6,
    threads: [1],
    splitLayer: { examples: 16, inputs: 12 },
  });

  describe('tensors of TensorFlow.js', () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await startOn(runtime, 1);
    });
    afterAll(() => engine.close());

    it('are no more than the engine gave out', () => expectNoLeak(engine));
  });
});
