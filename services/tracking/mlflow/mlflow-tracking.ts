import { randomUUID } from 'node:crypto';
import type { TrackingEvent } from '../../../core/job/service-events.js';
import type { RunOutcome } from '../../../core/events.js';
import type { JobSpec } from '../../../core/spec/job-spec.js';
import type { Run } from '../../store/run.js';
import { followPoints } from '../follow-points.js';
import type { Point, RunEnded, RunStarted } from '../points.js';
import { mlflowAddress } from './address.js';
import type { RunStatus } from './batches.js';
import { Outbox, type Unsent } from './outbox.js';
import { keyValue, paramsOf } from './params.js';
import { readRunFile, writeRunFile, type RunFile } from './run-file.js';
import { MlflowServer } from './server.js';

/** Once a run has ended, its points are tried for so long. */
const PATIENCE_MS = 600_000;

export interface MlflowOptions {
  /** Such as http://localhost:5000. */
  readonly address: string;
  /** It is made where it is missing. */
  readonly experiment: string;
  /** With the credentials; see `mlflowAddress`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly onEvent: (event: TrackingEvent) => void;
}

/** A run that is logged. */
export interface TrackedRun {
  /** The run's files are others' from here on; what is left is sent meanwhile. */
  leave(): void;
}

/** Logs runs to an MLflow tracking server. */
export class MlflowTracking {
  readonly #options: MlflowOptions;
  readonly #server: MlflowServer;
  readonly #serverName: string;
  readonly #runs = new Set<RunInMlflow>();

  /** @throws LocopropError TRACKING_ADDRESS_INVALID */
  constructor(options: MlflowOptions) {
    const address = mlflowAddress(options.address, options.environment);
    this.#options = options;
    this.#serverName = address.url;
    this.#server = new MlflowServer(address);
  }

  /**
   * Logs a run that is about to be trained, under this name.
   * @param spec resolved
   */
  follow(run: Run, name: string, spec: JobSpec): TrackedRun {
    const { experiment, version, onEvent } = this.#options;
    const server = { rest: this.#server, name: this.#serverName };
    const followed = new RunInMlflow(run, { name, spec, server, experiment, version, onEvent });
    this.#runs.add(followed);
    followPoints(run, followed);
    return {
      leave: () => {
        followed.leave();
        void followed.close(PATIENCE_MS).finally(() => this.#runs.delete(followed));
      },
    };
  }

  /** Sends what is left, for so long at most. @throws LocopropError STORE_WRITE_FAILED */
  async close(withinMs: number): Promise<void> {
    await Promise.all(Array.from(this.#runs, (run) => run.close(withinMs)));
    this.#runs.clear();
  }
}

interface RunInMlflowOptions extends Pick<MlflowOptions, 'experiment' | 'version' | 'onEvent'> {
  readonly name: string;
  readonly spec: JobSpec;
  readonly server: { readonly rest: MlflowServer; readonly name: string };
}

const statuses: Readonly<Record<RunOutcome, RunStatus>> = {
  completed: 'FINISHED',
  stopped: 'KILLED',
  failed: 'FAILED',
};

class RunInMlflow {
  readonly #options: RunInMlflowOptions;
  #run: Run | null;
  #file: RunFile | null = null;
  #outbox: Outbox | null = null;
  #told = false;

  constructor(run: Run, options: RunInMlflowOptions) {
    this.#run = run;
    this.#options = options;
  }

  async begin(points: readonly Point[], started: RunStarted): Promise<void> {
    const { server, experiment, name, spec, onEvent } = this.#options;
    const run = this.#run!;
    const earlier = await readRunFile(run);
    const isSame = earlier?.server === server.name && earlier.experiment === experiment;
    this.#file = isSame ? earlier : { server: server.name, experiment, key: randomUUID(), runId: null };
    if (!isSame) await writeRunFile(run, this.#file);
    const own = { server: server.name, run: name };
    this.#outbox = new Outbox({
      server: server.rest,
      description: {
        key: this.#file.key,
        name,
        experiment,
        params: paramsOf(spec),
        tags: this.#tags(run, started),
        startMs: points[0]?.timeMs ?? Date.parse(started.time),
      },
      runId: this.#file.runId,
      onLost: (reason, final) => onEvent({ type: 'tracking.lost', ...own, reason, final }),
      onRestored: (seconds) => onEvent({ type: 'tracking.restored', ...own, seconds }),
    });
    this.#outbox.push(points);
  }

  async add(points: readonly Point[]): Promise<void> {
    this.#outbox!.push(points);
    await this.#rememberId();
  }

  async end({ outcome, time }: RunEnded): Promise<void> {
    this.#outbox!.end({ status: statuses[outcome], endMs: Date.parse(time) });
    await this.#rememberId();
  }

  leave(): void {
    this.#run = null;
  }

  async close(withinMs: number): Promise<void> {
    const unsent = (await this.#outbox?.close(withinMs)) ?? null;
    if (unsent) this.#tell(unsent);
    await this.#rememberId();
  }

  #tell({ points, reason }: Unsent): void {
    if (this.#told) return;
    this.#told = true;
    const { server, name, onEvent } = this.#options;
    onEvent({ type: 'tracking.incomplete', server: server.name, run: name, points, reason });
  }

  async #rememberId(): Promise<void> {
    const runId = this.#outbox?.runId ?? null;
    if (!this.#run || !this.#file || runId === null || runId === this.#file.runId) return;
    this.#file = { ...this.#file, runId };
    await writeRunFile(this.#run, this.#file);
  }

  #tags(run: Run, { engine, engineDescription, parameters }: RunStarted): ReturnType<typeof keyValue>[] {
    const { version } = this.#options;
    return [
      keyValue('mlflow.source.name', `locoprop ${version}`),
      keyValue('mlflow.source.type', 'JOB'),
      keyValue('locoprop.folder', run.location),
      keyValue('locoprop.engine', engineDescription ?? engine),
      keyValue('locoprop.parameters', String(parameters)),
    ];
  }
}
