import { setTimeout as sleep } from 'node:timers/promises';
import { answerTwice } from './double-answers.js';
import type { FaultRun, FaultRunChoice, Member } from './fault-run.js';

export interface Row {
  readonly name: string;
  readonly workers?: FaultRunChoice['workers'];
  readonly choice?: Pick<FaultRunChoice, 'wire' | 'leaseSeconds' | 'epochs'>;
  /** Does the harm, and fails where the run does not notice. */
  readonly inject: (run: FaultRun) => Promise<void>;
}

/** When most faults happen: slots have come home, and much is left to do. */
const STEP = 5;
/** A tick of a tenth of a lease, and what two busy processors add. */
const MARGIN_MS = 10_000;

/** Does something to the worker with most to do, of which the run must notice in time. */
const lost =
  (harm: (member: Member, run: FaultRun) => void, mend?: (member: Member) => void): Row['inject'] =>
  async (run) => {
    await run.log.step(STEP);
    const victim = await run.busiest();
    const time = Date.now();
    harm(victim, run);
    const noticed = await run.log.since(time, 'worker.lost', victim.name);
    const tookMs = Date.parse(noticed.time) - time;
    if (tookMs > run.leaseMs + MARGIN_MS) throw new Error(`it took ${tookMs} ms to notice`);
    if (!mend) return;
    const mended = Date.now();
    mend(victim);
    await run.log.since(mended, 'worker.joined', victim.name);
  };

const kill = ({ process }: Member): void => {
  process.signal('SIGKILL');
};
const heal = ({ proxy }: Member): void => {
  proxy!.heal();
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

/** There and back it is twice as much, and a step is longer than that: the run takes over 30 s. */
const LATENCY_MS = 40;

async function addFarWorker(run: FaultRun): Promise<Member> {
  const member = await run.addWorker('proxied');
  member.proxy!.slow({ latencyMs: LATENCY_MS });
  return member;
}

async function comeAndGo(run: FaultRun): Promise<void> {
  const stays = await addFarWorker(run);
  await run.log.step(1);
  const end = performance.now() + 30_000;
  const leave = async ({ process }: Member): Promise<void> => {
    await sleep(1000);
    process.signal('SIGTERM');
    const { code, stderr } = await process.waitForEnd();
    if (code !== 0) throw new Error(`a worker that left ended with ${code}: ${stderr}`);
  };
  const visits: Promise<void>[] = [];
  // The last of them needs time to start before the run is over.
  while (performance.now() < end - 4000) {
    const member = await addFarWorker(run);
    await run.log.since(0, 'worker.joined', member.name);
    visits.push(leave(member));
  }
  await Promise.all(visits);
  // What is left of the run need not be slow.
  heal(stays);
}

const proxied = ['proxied', 'proxied'] as const;
const directions = ['toTarget', 'toClient'] as const;

export const rows: readonly Row[] = [
  { name: 'kill -9 of one', inject: lost(kill) },
  {
    name: 'kill -9 of all but one, bf16 on the wire',
    workers: ['direct', 'direct', 'direct'],
    choice: { wire: 'bf16' },
    inject: lost((victim, { members }) => {
      kill(victim);
      kill(members.find((member) => member !== victim)!);
    }),
  },
  {
    name: 'kill -9 of all',
    inject: async (run) => {
      await run.log.step(STEP);
      const time = Date.now();
      for (const member of run.members) kill(member);
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
    inject: lost(
      ({ process }) => process.signal('SIGSTOP'),
      ({ process }) => process.signal('SIGCONT'),
    ),
  },
  { name: 'a link cut', workers: proxied, inject: lost(({ proxy }) => proxy!.cut(), heal) },
  { name: 'a link half-open', workers: proxied, inject: lost(({ proxy }) => proxy!.blackhole(), heal) },
  {
    name: 'a link half-open, with the default lease',
    workers: proxied,
    choice: { leaseSeconds: null },
    inject: lost(({ proxy }) => proxy!.blackhole()),
  },
  {
    name: 'a link that becomes slow',
    workers: proxied,
    inject: async (run) => {
      await run.log.step(STEP);
      (await run.busiest()).proxy!.slow({ bytesPerSecond: 400_000, latencyMs: 20 });
    },
  },
  {
    name: 'a link so slow from the start that a large matrix takes longer than a lease',
    workers: [],
    choice: { epochs: 1 },
    inject: async (run) => {
      const { name, proxy } = await run.addWorker('proxied');
      proxy!.slow({ bytesPerSecond: 500_000 });
      await run.log.step(2);
      if ((await run.log.read()).some(({ type }) => type === 'worker.lost'))
        throw new Error(`${name} was lost`);
    },
  },
  ...directions.map((direction) => ({
    name: `a link closed in the middle of a chunk, ${direction}`,
    workers: proxied,
    inject: lost(({ proxy }) => proxy!.closeAfter(30_000, direction)),
  })),
  ...directions.map((direction) => ({
    name: `a corrupted chunk, ${direction}`,
    workers: proxied,
    inject: lost(({ proxy }) => proxy!.corrupt(30_000, direction)),
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
    workers: [],
    choice: { epochs: 5 },
    inject: comeAndGo,
  },
];
