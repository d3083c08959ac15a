import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded } from '#core/job/states.js';
import { Coordinator, type Place } from '../service-faults/coordinator.js';
import { StoreView, Undisturbed } from '../service-faults/jobs.js';
import { BUCKET } from '../support/s3-server.js';
import { ChaosClient } from './client.js';
import { drawActions, drawKills } from './draw.js';
import { failureOf } from './judge.js';

/** Which queue and which store coordinators are killed at. */
export interface Setting {
  readonly name: string;
  readonly store: 'folder' | 'bucket';
  readonly queue: 'local' | 'redis';
}

export const settings: readonly Setting[] = [
  { name: 'queue in the process, folder', queue: 'local', store: 'folder' },
  { name: 'Redis, folder', queue: 'redis', store: 'folder' },
  { name: 'Redis, bucket', queue: 'redis', store: 'bucket' },
];

export interface CampaignOptions extends Setting {
  readonly seed: number;
  readonly kills: number;
  /** Of a Redis that holds nothing else. */
  readonly redis: string | null;
}

/** What a campaign has come to. */
export interface Report {
  readonly name: string;
  readonly seed: number;
  readonly kills: number;
  readonly jobs: number;
  /** Times that a job was taken by a coordinator. */
  readonly takes: number;
  readonly unanswered: number;
  /** How many jobs ended as what. */
  readonly endings: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Null where all that must hold did. */
  readonly failure: string | null;
}

/** A request waits for the coordinator to be back, and others are sent meanwhile. */
const CLIENTS = 3;
/** Where the last of the jobs takes longer to end, something is stuck. */
const END_MS = 120_000;

/** Kills coordinators at random while a client has them run jobs, and looks at what becomes of these. */
export async function campaign(options: CampaignOptions): Promise<Report> {
  const { name, seed, kills } = options;
  const startedMs = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'locoprop-service-chaos-'));
  const own = join(folder, 'store');
  await mkdir(own);
  const store = options.store === 'folder' ? own : `s3://${BUCKET}/chaos-${seed}-${Date.now()}`;
  const place: Place = { folder, store, redis: options.redis };
  const client = new ChaosClient();
  const coordinators: Coordinator[] = [];
  let failure: string | null;
  let ended: Pick<Report, 'takes' | 'endings'> = { takes: 0, endings: {} };
  try {
    for (const one of options.queue === 'local' ? ['one'] : ['one', 'two']) {
      coordinators.push(await Coordinator.start(one, place, ['--solve-here', '--threads', '1']));
    }
    await play(options, coordinators, client);
    const view = await StoreView.open(place);
    try {
      await settle(coordinators, view);
      ended = await tally(view);
      failure = await failureOf(client, view, new Undisturbed(folder));
    } finally {
      await view.close();
    }
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    for (const { process } of coordinators) await process.killAll();
  }
  if (failure === null) await rm(folder, { recursive: true, force: true });
  else failure += `\nthe store is ${store}\n${coordinators.map(logOf).join('\n')}`;
  const { jobs, unanswered } = client;
  const seconds = (performance.now() - startedMs) / 1000;
  return { name, seed, kills, jobs: jobs.length, unanswered, ...ended, seconds, failure };
}

const logOf = ({ name, process }: Coordinator): string => `--- ${name}\n${process.stderr.slice(-3000)}`;

/** Kills and starts anew, and has a client at work meanwhile. */
async function play(
  { seed, kills }: CampaignOptions,
  coordinators: readonly Coordinator[],
  client: ChaosClient,
): Promise<void> {
  let over = false;
  const act = async (number: number): Promise<void> => {
    for (const action of drawActions(seed, number)) {
      if (over) return;
      await sleep(action.afterMs);
      const coordinator = coordinators[Math.floor(action.coordinator * coordinators.length)]!;
      await client.act(action, coordinator.client);
    }
  };
  const kill = async (): Promise<void> => {
    for (const { early, afterMs, coordinator } of drawKills(seed, kills)) {
      const victim = coordinators[Math.floor(coordinator * coordinators.length)]!;
      if (!early) await victim.ready();
      await sleep(afterMs);
      await victim.kill();
      victim.restart();
    }
  };
  const acts = Array.from({ length: CLIENTS }, (_, number) => act(number));
  await Promise.all([...acts, kill().finally(() => (over = true))]);
}

/** Lets every job come to its end: paused ones go on. */
async function settle(coordinators: readonly Coordinator[], view: StoreView): Promise<void> {
  for (const coordinator of coordinators) await coordinator.ready();
  const end = performance.now() + END_MS;
  for (;;) {
    const records = (await view.store.list()).map(({ record }) => record);
    const open = records.filter(({ state }) => !hasEnded(state));
    if (open.length === 0) return;
    if (performance.now() > end) {
      const stuck = open.map(({ id, state, history }) => `${id} is ${state}: ${JSON.stringify(history)}`);
      throw new Error(`jobs do not end:\n${stuck.join('\n')}`);
    }
    for (const { id, state } of open) {
      if (state === 'paused') await coordinators[0]!.client.change(id, 'resume');
    }
    await sleep(200);
  }
}

async function tally(view: StoreView): Promise<Pick<Report, 'takes' | 'endings'>> {
  const records = (await view.store.list()).map(({ record }) => record);
  const endings: Record<string, number> = {};
  for (const { state } of records) endings[state] = (endings[state] ?? 0) + 1;
  return { takes: records.reduce((sum, { fence }) => sum + fence, 0), endings };
}
