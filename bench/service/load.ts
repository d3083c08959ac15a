import { setTimeout as sleep } from 'node:timers/promises';
import type { FeedItem } from '../../core/job/view.js';
import type { CoordinatorClient } from '../../services/client/client.js';
import type { CoordinatorProcess } from './coordinator-process.js';

/** Milliseconds of requests of one kind. */
export class Latencies {
  readonly #milliseconds: number[] = [];

  async time<Result>(request: () => Promise<Result>): Promise<Result> {
    const startedMs = performance.now();
    const result = await request();
    this.#milliseconds.push(performance.now() - startedMs);
    return result;
  }

  get summary(): {
    readonly count: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  } {
    const sorted = this.#milliseconds.toSorted((x, y) => x - y);
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
    return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? NaN };
  }
}

/** A job that trains for as long as anybody looks. */
export const LONG_JOB = `
name: training
data: {train: {dataset: curves, examples: 20000}, test: {dataset: curves, examples: 1000}}
network:
  loss: sigmoid_cross_entropy
  layers: [{units: 400, transfer: tanh}, {units: 100, transfer: tanh}, {units: 400, transfer: tanh}, {units: 784, transfer: sigmoid}]
training: {epochs: 10000, batchSize: 500}
local: {optimizer: {name: rmsprop, learningRate: 0.00001}}
`;

/** One that waits behind it. */
export const shortJob = (number: number): string => `
name: waiting-${number}
data: {train: {dataset: curves, examples: 100}}
network: {loss: sigmoid_cross_entropy, layers: [{units: 10, transfer: tanh}, {units: 784, transfer: sigmoid}]}
training: {epochs: 1, batchSize: 50}
`;

/** Submits jobs, several at a time. */
export async function submitAll(
  coordinator: CoordinatorProcess,
  count: number,
  latencies: Latencies,
): Promise<string[]> {
  const ids: string[] = [];
  let next = 0;
  const submit = async (): Promise<void> => {
    const client = coordinator.client();
    while (next < count) {
      const number = next++;
      ids.push((await latencies.time(() => client.submit(shortJob(number)))).id);
    }
  };
  await Promise.all(Array.from({ length: 8 }, submit));
  return ids;
}

/** Follows a job until `signal` is aborted, and counts what it is told. */
export async function follow(
  client: CoordinatorClient,
  id: string,
  signal: AbortSignal,
  onItem: (item: FeedItem) => void,
): Promise<void> {
  try {
    for await (const item of client.follow(id, { signal })) onItem(item);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

export type ReadName = 'list' | 'get' | 'workers';

/** Reads in turn, so many times a second, until `signal` is aborted. */
export async function read(
  client: CoordinatorClient,
  ids: readonly string[],
  latencies: Readonly<Record<ReadName, Latencies>>,
  { perSecond, signal }: { readonly perSecond: number; readonly signal: AbortSignal },
): Promise<void> {
  const kinds: readonly (readonly [ReadName, (turn: number) => Promise<unknown>])[] = [
    ['list', () => client.list({ limit: 50 })],
    ['get', (turn) => client.get(ids[turn % ids.length]!)],
    ['workers', () => client.workers()],
  ];
  for (let turn = 0; !signal.aborted; turn++) {
    const [name, request] = kinds[turn % kinds.length]!;
    await latencies[name].time(() => request(turn));
    await sleep(1000 / perSecond);
  }
}
