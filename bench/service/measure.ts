import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoordinatorProcess } from './coordinator-process.js';
import { follow, Latencies, LONG_JOB, read, submitAll, type ReadName } from './load.js';

export interface ServiceBenchOptions {
  readonly jobs: number;
  readonly followers: number;
  /** Of the load. */
  readonly seconds: number;
  readonly redis: string | null;
}

type Summary = Latencies['summary'];

export interface ServiceFigures extends ServiceBenchOptions {
  /** Of a submit, in milliseconds. */
  readonly submit: Summary;
  readonly reads: Readonly<Record<ReadName, Summary>>;
  /** The most that is wanted of the 99th percentile of each kind of read. */
  readonly limitMs: number;
  /** That followers of the job that trains were told in a second, all together. */
  readonly itemsPerSecond: number;
  /** Jobs that the list has at the end. */
  readonly listed: number;
  /** Bytes in memory, over time. */
  readonly memory: { readonly first: number; readonly last: number; readonly largest: number };
  /** Steps of the job that trains, in a second: before the load, and under it. */
  readonly stepsPerSecond: { readonly before: number; readonly during: number };
}

const LIMIT_MS = 100;
const READERS = 4;
const READS_PER_SECOND = 10;
/** What of the time counts as the beginning and as the end, for the memory. */
const EDGE = 0.2;
const BEFORE_MS = 10_000;

/** A coordinator that trains, under the load of clients who submit, follow and read. */
export async function measureService(options: ServiceBenchOptions): Promise<ServiceFigures> {
  const coordinator = await CoordinatorProcess.start(options.redis);
  const ending = new AbortController();
  const { signal } = ending;
  // Every client waits for it.
  setMaxListeners(0, signal);
  const under: Promise<void>[] = [];
  try {
    const client = coordinator.client();
    const { id: training } = await client.submit(LONG_JOB);
    const stepsOf = async (): Promise<number> => (await client.get(training)).progress?.step ?? 0;
    while ((await stepsOf()) < 3) await sleep(200);
    const before = await rate(stepsOf, Math.min(BEFORE_MS, 1000 * options.seconds));

    const submit = new Latencies();
    const waiting = await submitAll(coordinator, options.jobs, submit);
    let items = 0;
    for (let number = 0; number < options.followers; number++) {
      // Half of them follow what trains, the others wait with a job of their own.
      const id = number % 2 === 0 ? training : waiting[number % waiting.length]!;
      under.push(follow(coordinator.client(), id, signal, () => (items += id === training ? 1 : 0)));
    }
    const reads = { list: new Latencies(), get: new Latencies(), workers: new Latencies() };
    const ids = [training, ...waiting];
    for (let reader = 0; reader < READERS; reader++) {
      under.push(read(coordinator.client(), ids, reads, { perSecond: READS_PER_SECOND, signal }));
    }
    const memory: number[] = [];
    const timer = setInterval(() => memory.push(coordinator.residentBytes), 1000);
    const during = await rate(stepsOf, 1000 * options.seconds);
    clearInterval(timer);
    ending.abort();
    await Promise.all(under);

    return {
      ...options,
      submit: submit.summary,
      reads: { list: reads.list.summary, get: reads.get.summary, workers: reads.workers.summary },
      limitMs: LIMIT_MS,
      itemsPerSecond: items / options.seconds,
      listed: await countJobs(client),
      memory: memoryOf(memory),
      stepsPerSecond: { before, during },
    };
  } finally {
    ending.abort();
    await Promise.allSettled(under);
    await coordinator.close();
  }
}

async function rate(count: () => Promise<number>, milliseconds: number): Promise<number> {
  const [from, startedMs] = [await count(), performance.now()];
  await sleep(milliseconds);
  return (1000 * ((await count()) - from)) / (performance.now() - startedMs);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

function memoryOf(bytes: readonly number[]): ServiceFigures['memory'] {
  const edge = Math.max(1, Math.floor(EDGE * bytes.length));
  return { first: mean(bytes.slice(0, edge)), last: mean(bytes.slice(-edge)), largest: Math.max(...bytes) };
}

async function countJobs(client: ReturnType<CoordinatorProcess['client']>): Promise<number> {
  let count = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof client.list>> = await client.list({ limit: 200, cursor });
    count += page.jobs.length;
    cursor = page.next;
  } while (cursor !== null);
  return count;
}
