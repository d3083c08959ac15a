import { startEngine } from '#engine/engines.js';
import { expect, it } from 'vitest';
import { engineContract } from './contract/contract.js';
import { expectNoLeak, startOn } from './tfjs-support.js';

/*
 * On the package that deploy/tfjs-node/build.sh builds, in a folder that NODE_PATH names. TensorFlow has one set
 * of threads in a process: TF_NUM_INTRAOP_THREADS says how many.
 */
const threads = Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? 1);

engineContract('tfjs on @tensorflow/tfjs-node', {
  start: () => startEngine('tfjs', threads),
  tolerance: 1e-6,
  threads: [threads],
  splitLayer: { examples: 130, inputs: 100 },
});

it('is what runs, without a remark, on the threads of the process', async () => {
  const engine = await startEngine('tfjs', threads + 1);
  expect(engine.info).toEqual({
    name: 'tfjs',
    precision: 'float32',
    threads,
    description: expect.stringMatching(/^TensorFlow\.js 4\.\S+ with TensorFlow 2\.\S+ on the CPU$/) as string,
  });
  await engine.close();
});

it('has no more tensors in TensorFlow.js than it gave out', async () => {
  const engine = await startOn('node', threads);
  await expectNoLeak(engine);
  await engine.close();
});
