// Trains nothing but saves all that a run saves, as fast as it can, until it is killed.
// usage: node save-until-killed.mjs DIRECTORY
import { createRun, openRun } from '#services/store/run.js';
import { existsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const UNITS = 300;
const [, , directory] = process.argv;
const options = { keepCheckpoints: 2, program: 'test' };

/** All numbers of a state are its step. */
const filled = (rows, step) => ({ rows, columns: UNITS, data: new Float32Array(rows * UNITS).fill(step) });

const stateAt = (step, event) => ({
  position: { step, epoch: step, batch: 0 },
  event,
  random: { generator: 'none', seed: 1 },
  trainSeconds: step,
  bestLoss: 1 / step,
  layers: [
    {
      weights: filled(UNITS, step),
      bias: filled(1, step),
      weightSlots: { m: filled(UNITS, step) },
      biasSlots: { m: filled(1, step) },
      updates: step,
    },
  ],
});

const metricsAt = (epoch) => ({
  epoch,
  step: epoch,
  trainLoss: 1 / epoch,
  testLoss: null,
  trainError: 0.1,
  testError: null,
  trainAccuracy: null,
  testAccuracy: null,
  trainSeconds: epoch,
  examplesPerSecond: 1,
  layers: [],
});

async function startOrResume() {
  if (!existsSync(join(directory, 'spec.yaml'))) {
    return {
      run: await createRun({ ...options, job: 'job', root: '', directory, spec: 'name: job\n' }),
      step: 0,
    };
  }
  const run = await openRun(directory, options);
  const { state } = await run.resume();
  return { run, step: state.position.step };
}

const started = await startOrResume();
const { run } = started;
for (let step = started.step + 1; ; step += 1) {
  await run.events.emit({ type: 'epoch.done', ...metricsAt(step) });
  const file = await run.saveCheckpoint(stateAt(step, run.events.last), step % 3 === 0);
  await run.events.emit({ type: 'checkpoint.saved', step, file, best: step % 3 === 0 });
  writeSync(1, `${step}\n`);
}
