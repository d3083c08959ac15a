import { setTimeout as sleep } from 'node:timers/promises';
import { answerTwice } from './double-answers.js';
import type { FaultRun, FaultRunChoice } from './fault-run.js';

export interface Row {
  readonly name: string;
  readonly workers?: FaultRunChoice['workers'];
  readonly choice?: Pick<FaultRunChoice, 'wire' | 'leaseSeconds' | 'epochs'>;
  /** Does the harm, and fails where the run does not notice. */
  readonly inject: (run: FaultRun) => Promise<void>;
}

/** When most faults happen: slots have come home, and much is left to do. */
const STEP = 5;
/** A lease of 1 s, a tick of a tenth of it, and what two busy processors add. */
const DETECTED_MS = 2500;
const DEFAULT_DETECTED_MS = 6000;

/** Does something to the first worker at a step; the run must notice in time. */
const lost =
  (harm: (run: FaultRun) => void, detectedMs = DETECTED_MS) =>
  async (run: FaultRun): Promise<void> => {
    await run.log.step(STEP);
    const time = Date.now();
    harm(run);
    const noticed = await run.log.since(time, 'worker.lost', 'w1');
    const tookMs = Date.parse(noticed.time) - time;
    if (tookMs > detectedMs) throw new Error(`it took ${tookMs} ms to notice`);
  };

const thenRejoins =
  (harm: Row['inject'], mend: (run: FaultRun) => void) =>
  async (run: FaultRun): Promise<void> => {
    await harm(run);
    const time = Date.now();
    mend(run);
    await run.log.since(time, 'worker.joined', 'w1');
  };

const kill = ({ members }: FaultRun, worker: number): void => {
  members[worker]!.process.signal('SIGKILL');
};

async function killEveryFewSteps(run: FaultRun): Promise<void> {
  for (let step = 2; step <= 18; step += 2) {
    await run.log.step(step);
    const time = Date.now();
    const member = run.members.at(-1)!;
    member.process.signal('SIGKILL');
    await run.log.since(time, 'worker.lost', member.name);
    const { name } = await run.addWorker();
    await run.log.since(time, 'worker.joined', name);
  }
}

async function comeAndGo(run: FaultRun): Promise<void> {
  const end = performance.now() + 30_000;
  const visit = async (): Promise<void> => {
    const { name, process } = await run.addWorker();
    await run.log.since(0, 'worker.joined', name);
    await sleep(1000);
    process.signal('SIGTERM');
    const { code, stderr } = await process.waitForEnd();
    if (code !== 0) throw new Error(`a worker that left ended with ${code}: ${stderr}`);
  };
  const visits: Promise<void>[] = [];
  for (; performance.now() < end; await sleep(1000)) visits.push(visit());
  await Promise.all(visits);
}

const proxied = ['proxied', 'direct'] as const;

export const rows: readonly Row[] = [
  { name: 'kill -9 of one', inject: lost((run) => kill(run, 0)) },
  {
    name: 'kill -9 of all but one, bf16 on the wire',
    workers: ['direct', 'direct', 'direct'],
    choice: { wire: 'bf16' },
    inject: async (run) => {
      await lost((own) => kill(own, 0))(run);
      kill(run, 1);
      await run.log.since(0, 'worker.lost', 'w2');
    },
  },
  {
    name: 'kill -9 of all',
    inject: async (run) => {
      await run.log.step(STEP);
      const time = Date.now();
      kill(run, 0);
      kill(run, 1);
      await run.log.since(time, 'run.waiting');
      await run.addWorker();
    },
  },
  {
    name: 'kill -9 of the only worker every two steps',
    workers: ['direct'],
    choice: { epochs: 2 },
    inject: killEveryFewSteps,
  },
  {
    name: 'SIGSTOP of one, which goes on with its answer when it is too late',
    inject: thenRejoins(
      lost(({ members }) => members[0]!.process.signal('SIGSTOP')),
      ({ members }) => members[0]!.process.signal('SIGCONT'),
    ),
  },
  {
    name: 'a link cut',
    workers: proxied,
    inject: thenRejoins(
      lost(({ members }) => members[0]!.proxy!.cut()),
      ({ members }) => members[0]!.proxy!.heal(),
    ),
  },
  {
    name: 'a link half-open',
    workers: proxied,
    inject: thenRejoins(
      lost(({ members }) => members[0]!.proxy!.blackhole()),
      ({ members }) => members[0]!.proxy!.heal(),
    ),
  },
  {
    name: 'a link half-open, with the default lease',
    workers: proxied,
    choice: { leaseSeconds: null },
    inject: lost(({ members }) => members[0]!.proxy!.blackhole(), DEFAULT_DETECTED_MS),
  },
  {
    name: 'a link that becomes slow',
    workers: proxied,
    inject: async (run) => {
      await run.log.step(STEP);
      run.members[0]!.proxy!.slow({ bytesPerSecond: 400_000, latencyMs: 20 });
    },
  },
  ...(['toTarget', 'toClient'] as const).map((direction) => ({
    name: `a link closed in the middle of a chunk, ${direction}`,
    workers: proxied,
    inject: lost(({ members }) => members[0]!.proxy!.closeAfter(100_000, direction)),
  })),
  ...(['toTarget', 'toClient'] as const).map((direction) => ({
    name: `a corrupted chunk, ${direction}`,
    workers: proxied,
    inject: lost(({ members }) => members[0]!.proxy!.corrupt(100_000, direction)),
  })),
  {
    name: 'each answer twice, and once more when it is late',
    inject: async (run) => {
      // Alone on the run, it answers for all.
      for (const { process } of run.members) process.signal('SIGTERM');
      const repeated = await answerTwice(run.address);
      if (repeated < 10) throw new Error(`only ${repeated} answers were sent again`);
    },
  },
  {
    name: 'a coordinator stopped for longer than a lease',
    inject: async (run) => {
      await run.log.step(STEP);
      run.coordinator.signal('SIGSTOP');
      await sleep(2500);
      run.coordinator.signal('SIGCONT');
    },
  },
  {
    name: 'a worker that joins and leaves each second for 30 s',
    workers: ['direct'],
    choice: { epochs: 45 },
    inject: comeAndGo,
  },
];
