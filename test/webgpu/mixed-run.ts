import type { RunEvent } from '#core/events.js';
import type { Matrix } from '#core/matrix.js';
import { partBytes } from '#core/part-memory.js';
import { relativeError } from '#engine/conformance/comparison.js';
import { readRun, type StoredRun } from '#services/store/stored-run.js';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { start, type Running } from '../support/running.js';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.js';

const STEPS = 10;
const BATCH = 20;
const UNITS = [100, 20, 784];
const END_MS = 120_000;

const spec = `
name: mixed
seed: 5
data:
  train: { dataset: curves, examples: ${BATCH * STEPS} }
  targets: inputs
network:
  layers:
    - { units: ${UNITS[0]}, transfer: tanh }
    - { units: ${UNITS[1]}, transfer: identity }
    - { units: ${UNITS[2]}, transfer: sigmoid }
  loss: sigmoid_cross_entropy
training: { batchSize: ${BATCH}, epochs: 1 }
local: { iterations: 10, optimizer: { name: rmsprop, learningRate: 1.0e-4 } }
engine: { name: onnx, threads: 1 }
`;

/** Bytes of each layer as one part. */
const layerBytes = UNITS.map((units, index) =>
  partBytes({ inputs: UNITS[index - 1] ?? 784, slots: 1, solver: 'iterative' }, units, BATCH),
);

export interface Finished {
  /** After the only epoch, of ten steps. */
  readonly loss: number;
  readonly matrices: readonly Matrix[];
  /** Names of the workers that have parts. */
  readonly members: readonly string[];
}

/** A run in one process, or on one worker of each of some engines, over gRPC. */
export async function finishedRun(folder: string, engines: readonly string[]): Promise<Finished> {
  const file = join(folder, 'mixed.yaml');
  const out = join(folder, engines.join('-') || 'alone');
  await writeFile(file, spec);
  const coordinator = start([
    'train',
    file,
    '--out',
    out,
    ...(engines.length > 0 ? ['--listen', '127.0.0.1:0'] : []),
  ]);
  const joined = engines.length > 0 ? await joinedBy(coordinator, engines) : null;
  try {
    const { code, stderr } = await coordinator.waitForEnd(END_MS);
    if (code !== 0) throw new Error(`the run on ${engines.join()} ended with ${code}: ${stderr}`);
    return await resultOf(await readRun(out));
  } finally {
    for (const worker of joined?.workers ?? []) await worker.killAll();
    await joined?.proxy.close();
  }
}

interface Joined {
  readonly workers: readonly Running[];
  /** Between the first one and the coordinator. */
  readonly proxy: TcpProxy;
}

/**
 * The first worker has room for everything, and the run begins with it. Each of the others, which are faster, has
 * room for a little more than half of the last layer, and not for the first: so they share the last one, and
 * the first worker keeps the first layer however slow it is.
 */
async function joinedBy(coordinator: Running, engines: readonly string[]): Promise<Joined> {
  const text = await coordinator.waitFor('stderr', /at 127\.0\.0\.1:\d+/);
  const [address = '', port] = /127\.0\.0\.1:(\d+)/.exec(text)!;
  // However fast the first one is, its steps take longer than the others' start.
  const proxy = await startProxy({ target: Number(port) });
  proxy.slow({ latencyMs: 1000 });
  const workers: Running[] = [];
  for (const engine of engines) {
    const memory = workers.length === 0 ? '1GiB' : `${Math.ceil(0.6 * layerBytes.at(-1)!)}`;
    const names = ['--name', engine, '--engine', engine];
    const sizes = ['--threads', '1', '--memory', memory];
    const dialled = workers.length === 0 ? `127.0.0.1:${proxy.port}` : address;
    workers.push(start(['worker', '--coordinator', dialled, '--once', ...names, ...sizes]));
    await coordinator.waitFor('stderr', new RegExp(`worker ${engine} joined`));
  }
  proxy.heal();
  return { workers, proxy };
}

async function resultOf(run: StoredRun): Promise<Finished> {
  const events: RunEvent[] = [];
  for await (const event of run.readEvents()) events.push(event);
  const { state } = await run.loadCheckpoint('latest');
  const plan = events.findLast((event) => event.type === 'plan.made');
  return {
    loss: events.findLast((event) => event.type === 'epoch.done')!.trainLoss,
    matrices: state.layers.flatMap(({ weights, bias, weightSlots, biasSlots }) => [
      ...[weights, bias, ...Object.values(weightSlots), ...Object.values(biasSlots)],
    ]),
    members: [...new Set((plan?.parts ?? []).map(({ worker }) => worker))].toSorted(),
  };
}

/** The largest difference of weights, biases and slots, each relative to the largest entry of its matrix. */
export const differenceOf = (one: Finished, other: Finished): number =>
  Math.max(...one.matrices.map((matrix, index) => relativeError(matrix, other.matrices[index]!)));
