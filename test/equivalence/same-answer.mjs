// Trains the same job alone and on workers, in several numbers and with several threads, and compares the final
// weights and slots bit for bit.
// usage: node test/equivalence/same-answer.mjs [--workers 1,2,3,5] [--threads 1,2] [--wire f32,bf16] [--set PATH=VALUE …]
import { readRun } from '#services/store/stored-run.js';
import { Command } from 'commander';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
const main = join(root, 'dist/cli/main.js');
const list = (text) => text.split(',');
const collect = (text, earlier) => [...earlier, text];

const program = new Command('same-answer')
  .option('--spec <file>', 'a job spec', join(root, 'examples/mnist-autoencoder.yaml'))
  .option('--losses <names>', 'local losses', list, ['matching', 'squared'])
  .option('--workers <numbers>', 'numbers of workers', list, ['1', '2', '3', '5'])
  .option('--threads <numbers>', 'numbers of threads of each worker', list, ['1', '2'])
  .option('--wire <formats>', 'wire formats', list, ['f32'])
  .option('--set <path=value>', 'override a field of the spec', collect, [
    'data.train.examples=6000',
    'data.test=null',
    'training.batchSize=500',
    'training.stopAfterEpochs=2',
  ])
  .parse();
const options = program.opts();
const folder = await mkdtemp(join(tmpdir(), 'locoprop-same-'));

/** SHA-256 over all weights, biases and slots of the run's last checkpoint. */
async function digestOf(directory) {
  const { state } = await (await readRun(directory)).loadCheckpoint('latest');
  const hash = createHash('sha256');
  for (const { weights, bias, weightSlots, biasSlots } of state.layers) {
    for (const { data } of [weights, bias, ...Object.values(weightSlots), ...Object.values(biasSlots)]) {
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

let runs = 0;
async function train(overrides, flags) {
  const directory = join(folder, `run-${++runs}`);
  const set = [...options.set, ...overrides].flatMap((override) => ['--set', override]);
  const args = [main, 'train', options.spec, '--out', directory, '--json', ...set, ...flags];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 });
  const { trainSeconds } = JSON.parse(stdout);
  const plans = [];
  for await (const event of (await readRun(directory)).readEvents()) {
    if (event.type === 'plan.made') plans.push(event.parts.length);
  }
  return { digest: await digestOf(directory), parts: Math.max(0, ...plans), trainSeconds };
}

const rows = [];
for (const loss of options.losses) {
  const own = `local.loss=${loss}`;
  const alone = await train([own], []);
  rows.push({
    loss,
    wire: '-',
    workers: 0,
    threads: '-',
    parts: '-',
    digest: alone.digest,
    same: 'the run alone',
  });
  for (const wire of options.wire) {
    let expected = wire === 'f32' ? alone.digest : null;
    for (const workers of options.workers) {
      for (const threads of options.threads) {
        const flags = ['--workers', workers, '--worker-threads', threads];
        const { digest, parts } = await train([own, `cluster.wire=${wire}`], flags);
        expected ??= digest;
        rows.push({ loss, wire, workers, threads, parts, digest, same: digest === expected });
        console.error(rows.at(-1));
      }
    }
  }
}
await rm(folder, { recursive: true });
console.table(rows);
const different = rows.filter(({ same }) => same === false).length;
console.log(`${rows.length - different} passed, ${different} failed`);
process.exitCode = different === 0 ? 0 : 1;
