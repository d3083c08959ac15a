import type { Engine } from '#engine/engine.js';
import { layerTensors } from '#engine/layer-tensors.js';
import { startThreadedEngine } from '#engine/thread/threaded-engine.js';
import { expect } from 'vitest';
import { networkOf, randomBatch, takeStep, uploadStates } from './networks.js';
import { matrix, routineOf, ruleOf, runOn, uploadAll } from './support.js';
import { Parts } from '#core/parts/registry.js';
import { input, matmul } from '#core/expression/expression.js';

const fixture = new URL('./fixtures/tfjs-runtime.mjs', import.meta.url);

/** The engine tfjs on one runtime, with the tensors that TensorFlow.js has for its sessions. */
export const startOn = (runtime: string, threads: number): Promise<Engine> =>
  startThreadedEngine('tfjs', {
    module: `${fixture.href}?runtime=${runtime}`,
    threads,
    sharesProcessors: false,
  });

const SEED = 6;
const STEPS = 100;

/** Trains, fails and closes a loop early; TensorFlow.js must have no more tensors than the engine gave out. */
export async function expectNoLeak(engine: Engine): Promise<void> {
  const loss = new Parts().choose('loss', { name: 'sigmoid_cross_entropy' });
  const network = networkOf(loss, [
    ruleOf({ inputs: 6, units: 4, optimizer: { name: 'adam' } }),
    ruleOf({ inputs: 4, units: 5, localLoss: { name: 'squared' }, form: 'gram', transfer: { name: 'relu' } }),
    ruleOf({ inputs: 5, units: 6, transfer: { name: 'sigmoid' }, optimizer: { name: 'rmsprop' } }),
  ]);
  const states = await uploadStates(engine, SEED, network);
  const batch = await randomBatch(engine, SEED, 8, network);
  for (let step = 0; step < STEPS; step++) await takeStep(engine, network, states, batch);

  const mismatch = {
    routine: routineOf({ y: matmul(input('x'), input('x')) }),
    inputs: { x: matrix([[1, 2]]) },
  };
  const inputs = await uploadAll(engine, mismatch.inputs);
  await expect(engine.run({ ...mismatch, inputs })).rejects.toMatchObject({ code: 'ENGINE_CALL_FAILED' });
  await runOn(engine, { ...mismatch, inputs: { x: matrix([[1]]) } });

  const { tensors, sessions } = await engine.statistics();
  expect(tensors).toBe(states.flatMap(layerTensors).length + 2 + 1);
  expect(sessions).toBe(tensors);
  engine.release([...states.flatMap(layerTensors), batch.inputs, batch.labels, ...Object.values(inputs)]);
  expect(await engine.statistics()).toMatchObject({ tensors: 0, sessions: 0 });
}
