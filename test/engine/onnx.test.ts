import { Parts } from '#core/parts/registry.js';
import { startEngine } from '#engine/engines.js';
import { describe, expect, it } from 'vitest';
import { engineContract } from './contract/contract.js';
import { networkOf, train } from './networks.js';
import { ruleOf } from './support.js';

engineContract('onnx', {
  start: (threads) => startEngine('onnx', threads),
  tolerance: 1e-6,
  threads: [1, 2, 4],
  // Wide enough for each of two threads to take some of the columns.
  splitLayer: { examples: 130, inputs: 100, units: 200 },
});

describe('a network of layers that are wider than their batch is tall', () => {
  const SEED = 12;
  const THREADS = [1, 2, 3, 4, 8];

  it(`learns the same on any number of threads, to the bit (seed ${SEED})`, async () => {
    const loss = new Parts().choose('loss', { name: 'sigmoid_cross_entropy' });
    const rules = [
      ruleOf({ inputs: 200, units: 300, optimizer: { name: 'rmsprop' }, learningRate: 1e-3 }),
      ruleOf({ inputs: 300, units: 30, transfer: { name: 'identity' }, learningRate: 1e-3 }),
      ruleOf({ inputs: 30, units: 200, transfer: { name: 'sigmoid' }, learningRate: 1e-3 }),
    ];
    const trained: string[] = [];
    for (const threads of THREADS) {
      const engine = await startEngine('onnx', threads);
      const options = { seed: SEED, examples: 70, steps: 2 };
      const { states } = await train(engine, networkOf(loss, rules), options);
      await engine.close();
      trained.push(
        states
          .map(({ weights }) => Buffer.from(Float32Array.from(weights.data).buffer).toString('base64'))
          .join(),
      );
    }
    expect(trained.map((own) => own === trained[0])).toEqual(THREADS.map(() => true));
  });
});
