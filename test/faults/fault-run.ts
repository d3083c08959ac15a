import type { RunEvent } from '#core/events.js';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { start, type Outcome, type Running } from '../support/running.js';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { EventLog, isOf } from './event-log.js';
import { DEFAULT_LEASE_SECONDS, FAULT_LEASE_SECONDS, faultSpec, resultOf, type JobChoice } from './job.js';

// A promise whose failure nobody meets is a defect, and ends the process.
const env = { NODE_OPTIONS: '--unhandled-rejections=strict' };

const END_MS = 150_000;

export interface Member {
  readonly name: string;
  readonly process: Running;
  /** Its own way to the coordinator; null where it dials directly. */
  readonly proxy: TcpProxy | null;
}

export interface FaultRunChoice extends JobChoice {
  /** An empty folder for the run. */
  readonly folder: string;
  /** One for each worker that is there from the start: whether it dials through a proxy. */
  readonly workers: readonly ('direct' | 'proxied')[];
  /** Arguments of the first coordinator besides. */
  readonly args?: readonly string[];
  /** Of the first coordinator, besides. */
  readonly coordinatorEnv?: Readonly<Record<string, string>>;
}

/** What a run has come to. */
export interface FaultResult {
  readonly outcome: Outcome;
  /** The steps in the log, in their order. */
  readonly steps: readonly number[];
  readonly events: readonly RunEvent[];
  readonly digest: string;
}

/** A coordinator and workers as processes of their own, to which a test does what it likes. */
export class FaultRun {
  readonly directory: string;
  readonly log: EventLog;
  readonly members: Member[] = [];
  coordinator: Running;
  #port = 0;
  #number = 0;

  private constructor(private readonly choice: FaultRunChoice) {
    this.directory = join(choice.folder, 'run');
    this.log = new EventLog(this.directory);
    const spec = join(choice.folder, 'fault.yaml');
    const first = { ...env, ...choice.coordinatorEnv };
    this.coordinator = this.#train([spec, '--out', this.directory, ...(choice.args ?? [])], 0, first);
  }

  static async start(choice: FaultRunChoice): Promise<FaultRun> {
    await writeFile(join(choice.folder, 'fault.yaml'), faultSpec(choice));
    const run = new FaultRun(choice);
    const text = await run.coordinator.waitFor('stderr', /at 127\.0\.0\.1:\d+/);
    run.#port = Number(/at 127\.0\.0\.1:(\d+)/.exec(text)![1]);
    for (const kind of choice.workers) await run.addWorker(kind);
    return run;
  }

  #train(
    what: readonly string[],
    port: number,
    environment: Readonly<Record<string, string>> = env,
  ): Running {
    return start(['train', ...what, '--listen', `127.0.0.1:${port}`], { env: environment });
  }

  /** HOST:PORT of the coordinator. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async addWorker(kind: 'direct' | 'proxied' = 'direct', more: readonly string[] = []): Promise<Member> {
    const name = `w${++this.#number}`;
    const proxy = kind === 'proxied' ? await startProxy({ target: this.#port }) : null;
    const address = proxy ? `127.0.0.1:${proxy.port}` : this.address;
    const args = ['worker', '--coordinator', address, '--name', name, '--threads', '1', ...more];
    const member = { name, process: start(args, { env }), proxy };
    this.members.push(member);
    return member;
  }

  get leaseMs(): number {
    return 1000 * (this.choice.leaseSeconds === null ? DEFAULT_LEASE_SECONDS : FAULT_LEASE_SECONDS);
  }

  /** The worker that has most columns in the plan that holds. */
  async busiest(): Promise<Member> {
    const plan = (await this.log.read()).findLast((event) => event.type === 'plan.made');
    const columnsOf = ({ name }: Member): number =>
      (plan?.parts ?? []).reduce(
        (sum, { worker, start, end }) => sum + (isOf(worker, name) ? end - start : 0),
        0,
      );
    return this.members.toSorted((one, other) => columnsOf(other) - columnsOf(one))[0]!;
  }

  /** Resolves once all workers that are there from the start have been members. */
  async joined(): Promise<void> {
    for (const { name } of this.members) await this.log.since(0, 'worker.joined', name);
  }

  /** Ends the coordinator without a word, and starts another one that goes on with the run. */
  async killCoordinator(): Promise<void> {
    await this.coordinator.killAll();
    this.coordinator = this.#train(['--resume', this.directory], this.#port);
  }

  async finish(): Promise<FaultResult> {
    const outcome = await this.coordinator.waitForEnd(END_MS);
    const events = await this.log.read();
    const steps = events.flatMap((event) => (event.type === 'step.done' ? [event.step] : []));
    return { outcome, steps, events, digest: await resultOf(this.directory) };
  }

  async close(): Promise<void> {
    this.log.close();
    await this.coordinator.killAll();
    for (const { process, proxy } of this.members) {
      await process.killAll();
      await proxy?.close();
    }
  }
}
