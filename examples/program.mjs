// Trains a spec from a program: npx locoprop train does the same.
//
//     node examples/program.mjs

import { fileURLToPath } from 'node:url';
import { createRun, LocopropError, readJob, resolvedYaml, trainToEnd } from 'locoprop';

const smaller = [
  { path: ['data', 'train', 'examples'], value: 500 },
  { path: ['data', 'test', 'examples'], value: 100 },
  { path: ['training', 'batchSize'], value: 100 },
  { path: ['training', 'epochs'], value: 2 },
];
const spec = new URL('curves-autoencoder.yaml', import.meta.url);

try {
  const job = await readJob(fileURLToPath(spec), smaller);
  const run = await createRun({
    job: job.spec.name,
    root: 'runs',
    spec: resolvedYaml(job.spec),
    keepCheckpoints: job.spec.checkpoints.keep,
    program: 'program.mjs',
  });
  run.events.subscribe((event) => {
    if (event.type === 'epoch.done') console.log(`epoch ${event.epoch}: test loss ${event.testLoss}`);
  });
  try {
    const { signal } = new AbortController();
    const summary = await trainToEnd(
      { ...job, environment: process.env },
      { run, resume: false, stop: signal },
    );
    console.log(`${summary.outcome} in ${summary.directory}`);
  } finally {
    await run.close();
  }
} catch (error) {
  if (!(error instanceof LocopropError)) throw error;
  console.error(`${error.code}: ${error.message}\n${error.remedy}`);
  process.exitCode = error.exitCode;
}
