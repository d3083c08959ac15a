import { joinHub, type ClusterJob, type JoinCluster } from '#coordinator/cluster/cluster.js';
import { WorkerHub } from '#coordinator/cluster/worker-hub.js';
import { Attempt } from '#coordinator/service/attempt.js';
import type { JobRecords } from '#coordinator/service/job-records.js';
import type { StopReason } from '#coordinator/service/run-stop.js';
import * as moves from '#core/job/moves.js';
import type { JobRecord } from '#core/job/record.js';
import { plainText } from '#services/security/transport-security.js';
import type { JobStore } from '#services/store/job-store.js';
import { afterAll, beforeAll } from 'vitest';
import { temporaryFolder } from '../store/support.js';
import { openStore, recordOf, recordsOf, specsOf } from './support.js';

let hub: WorkerHub;
beforeAll(async () => {
  hub = await WorkerHub.open({
    address: '127.0.0.1:0',
    security: plainText,
    name: 'here',
    jobs: 1,
    leaseMs: 5000,
    localWorkers: null,
    onEvent: () => undefined,
    onLocalWorkersFailed: () => undefined,
  });
});
afterAll(() => hub.close('the tests are done', false));

/** Solves the layers here, until the run is to stop. */
export const solvesHere: JoinCluster = (job) => joinHub(hub, { solvesHere: true }, job);

/** Solves no layer here. */
export const waitsForWorkers: JoinCluster = (job) => joinHub(hub, { solvesHere: false }, job);

/** An attempt at a job that was taken. */
export const attemptOf = (
  taken: JobRecord,
  {
    store,
    records,
    cluster = solvesHere,
  }: { readonly store: JobStore; readonly records: JobRecords; readonly cluster?: JoinCluster },
): Attempt =>
  new Attempt(taken, {
    store,
    records,
    cluster,
    specs: specsOf(store),
    program: 'locoprop 1.2.3',
    tracking: null,
    sharesProcessors: false,
    onEvent: () => undefined,
    // The record says what became of it.
    onError: () => undefined,
  });

/** What happens in the run once it has begun. */
export type Run = 'completes' | 'stops' | Error;

export interface Happening {
  /** What somebody asks for of another coordinator: this one sees it in the record when it writes that. */
  readonly asked?: 'pause' | 'cancel';
  readonly stop?: readonly StopReason[];
  readonly run: Run;
  /** Failures before, of at most three. */
  readonly attempt?: number;
  /** Seconds of the time limit, 60, that earlier attempts have used up. */
  readonly used?: number;
}

export interface Ended {
  readonly after: JobRecord | null;
  /** The record as the store has it. */
  readonly stored: JobRecord | null;
  /** What the attempt has added to the history. */
  readonly history: readonly JobRecord['history'][number][];
  readonly attempt: Attempt;
}

/** An attempt at a job in which something happens, until its end. */
export async function attemptAt(
  happening: Happening,
  meanwhile: (records: JobRecords) => Promise<unknown> = () => Promise.resolve(),
): Promise<Ended> {
  const store = await openStore(await temporaryFolder());
  const { records } = recordsOf(store);
  const queue = { retries: 3, timeLimitSeconds: 60 };
  const { attempt: attempts = 0, used: runSeconds = 0 } = happening;
  await records.create({ ...recordOf('job', { changes: { queue } }), attempt: attempts, runSeconds });
  const taken = await records.change('job', (own, now) => moves.taken(own, 'here', now));
  const attempt = attemptOf(taken, {
    store,
    records,
    cluster: async (job) => {
      const { asked, stop = [], run } = happening;
      if (asked) await records.change('job', asked === 'pause' ? moves.pauseAsked : moves.cancelAsked);
      await meanwhile(records);
      for (const reason of stop) attempt.stop.request(reason);
      return playing(run, job);
    },
  });
  const after = await attempt.run();
  const stored = await records.find('job');
  return { after, stored, history: stored?.history.slice(taken.history.length) ?? [], attempt };
}

async function playing(run: Run, job: ClusterJob): ReturnType<typeof joinHub> {
  if (run instanceof Error) throw run;
  if (run === 'completes')
    return joinHub(hub, { solvesHere: true }, { ...job, stop: new AbortController().signal });
  // As whoever waits for workers does.
  await new Promise((_, reject) => {
    const onAbort = (): void => reject(job.stop.reason as Error);
    if (job.stop.aborted) onAbort();
    job.stop.addEventListener('abort', onAbort);
  });
  throw new Error('it was to stop');
}
