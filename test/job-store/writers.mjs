// Processes that write to a store of jobs.
// usage: node writers.mjs race LOCATION ID WINS       replaces the record until it has done so WINS times
//        node writers.mjs write LOCATION SEED         creates and replaces records until it is killed
//        node writers.mjs train LOCATION ID FENCE     writes a run until it is killed
import { submitted } from '#core/job/moves.js';
import { openJobStore } from '#services/store/open-job-store.js';
import { Run } from '#services/store/run.js';
import { writeSync } from 'node:fs';

const [, , task, location, ...args] = process.argv;
const onProblem = (problem) => {
  throw problem;
};
const store = await openJobStore(location, { onProblem });
const say = (...words) => writeSync(1, `${words.join(' ')}\n`);
const spec = { name: 'job', queue: { priority: 50 } };
const newRecord = (id) => submitted({ id, spec, idempotencyKey: null }, new Date());

async function race(id, wins) {
  for (let won = 0; won < Number(wins);) {
    const { record, version } = await store.read(id);
    // Counts the replacements: one that is built on another than it says would lose a count.
    const next = { ...record, ticket: record.ticket + 1, coordinator: `${process.pid}` };
    const replaced = await store.replace(next, version);
    if (!replaced) continue;
    won += 1;
    say(replaced.version, replaced.record.ticket);
  }
}

function numbers(seed) {
  let state = (Number(seed) % 2147483646) + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

async function write(seed) {
  const random = numbers(seed);
  for (;;) {
    const id = `job-${Math.floor(random() * 5)}`;
    if (await store.create(newRecord(id))) {
      say(id, 1, 1);
      continue;
    }
    const { record, version } = await store.read(id);
    const { version: next } = await store.replace({ ...record, ticket: record.ticket + 1 }, version);
    say(id, next, record.ticket + 1);
  }
}

const UNITS = 100;
const filled = (rows, step) => ({ rows, columns: UNITS, data: new Float32Array(rows * UNITS).fill(step) });

const stateAt = (step, event) => ({
  position: { step, epoch: step, batch: 0 },
  event,
  random: { generator: 'none', seed: 1 },
  trainSeconds: step,
  bestLoss: 1 / step,
  layers: [
    { weights: filled(UNITS, step), bias: filled(1, step), weightSlots: {}, biasSlots: {}, updates: step },
  ],
});

async function train(id, fence) {
  const runStore = store.run(id, Number(fence));
  await runStore.lock();
  const run = await Run.open(runStore, { keepCheckpoints: 1, program: 'test' });
  await run.writeFile('spec.yaml', 'name: job\n');
  for (let step = 1; ; step += 1) {
    await run.events.emit({ type: 'note', text: 'x'.repeat(2000) });
    const file = await run.saveCheckpoint(stateAt(step, run.events.last), step % 3 === 0);
    await run.events.emit({ type: 'checkpoint.saved', step, file, best: step % 3 === 0 });
    say(step);
  }
}

await { race, write, train }[task](...args);
await store.close();
