import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { hasEnded } from '#core/job/states.js';
import { start, type Running } from '../support/processes.js';
import { Coordinator, environmentOf, type Place } from './coordinator.js';
import { serviceSpec, StoreView, Undisturbed, type SpecChoice } from './jobs.js';
import { completionFailure } from './verdict.js';

const END_MS = 150_000;

/** A job that was submitted, and what it was submitted with. */
export interface Submitted {
  readonly id: string;
  readonly spec: string;
}

/** What the tests of a file have together: a folder, and what jobs come to undisturbed. */
export class Ground {
  #folder = '';
  #services = 0;
  #undisturbed: Undisturbed | null = null;

  constructor() {
    beforeAll(async () => {
      this.#folder = await mkdtemp(join(tmpdir(), 'locoprop-service-faults-'));
      this.#undisturbed = new Undisturbed(this.#folder);
    });
    afterAll(() => rm(this.#folder, { recursive: true, force: true }));
  }

  digestOf(spec: string): Promise<string> {
    return this.#undisturbed!.digestOf(spec);
  }

  /** A service of a test, with an empty store in a folder; its processes end with the test. */
  async service(redis: string | null = null): Promise<Service> {
    const folder = join(this.#folder, `service-${++this.#services}`);
    const store = join(folder, 'store');
    await mkdir(store, { recursive: true });
    const service = new Service(this, { folder, store, redis });
    onTestFinished(() => service.close());
    return service;
  }
}

/** Coordinators that share a place, and their workers. */
export class Service {
  readonly #processes = new Set<() => Running>();
  #view: StoreView | null = null;

  constructor(
    private readonly ground: Ground,
    readonly place: Place,
  ) {}

  async coordinator(
    name: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Coordinator> {
    const coordinator = await Coordinator.start(name, this.place, ['--threads', '1', ...args], env);
    this.#processes.add(() => coordinator.process);
    return coordinator;
  }

  /** A worker that tries these coordinators in turn. */
  worker(name: string, ...coordinators: readonly Coordinator[]): Running {
    const addresses = coordinators.map(({ workers }) => workers).join();
    const args = ['worker', '--coordinator', addresses, '--name', name, '--threads', '1'];
    const worker = start(args, { cwd: this.place.folder, env: environmentOf(this.place) });
    this.#processes.add(() => worker);
    return worker;
  }

  /** Another command of a user, with the token of a coordinator. */
  command(coordinator: Coordinator, ...args: readonly string[]): Running {
    const own = { LOCOPROP_URL: coordinator.url, LOCOPROP_TOKEN: coordinator.token ?? undefined };
    const { folder: cwd } = this.place;
    const command = start(args, { cwd, env: { ...environmentOf(this.place), ...own } });
    this.#processes.add(() => command);
    return command;
  }

  async view(): Promise<StoreView> {
    return (this.#view ??= await StoreView.open(this.place));
  }

  async submit(coordinator: Coordinator, choice: SpecChoice = {}): Promise<Submitted> {
    const spec = serviceSpec(choice);
    const { id } = await coordinator.client.submit(spec);
    return { id, spec };
  }

  /** Waits for the end of a job, which must be as if nothing had happened to it. */
  async expectWhole({ id, spec }: Submitted): Promise<void> {
    const view = await this.view();
    await view.until(id, 'ended', ({ state }) => hasEnded(state), END_MS);
    const expected = await this.ground.digestOf(spec);
    expect(await completionFailure(view, await view.job(id), expected)).toBeNull();
  }

  async close(): Promise<void> {
    for (const process of this.#processes) await process().killAll();
    await this.#view?.close();
  }
}
