import { collectDefaultMetrics, Registry } from 'prom-client';
import type { RunEvent } from '../../../core/events.js';
import type { JobEvent } from '../../../core/job/record.js';
import type { RequestEvent, ServiceEvent } from '../../../core/job/service-events.js';
import { jobStates } from '../../../core/job/states.js';
import { makeInstruments, type Instruments } from './instruments.js';
import type { MetricSources, SourceName } from './sources.js';
import { before } from '../../time/before.js';

/** A source that has not answered by then is left out: Prometheus itself waits for ten seconds. */
const SOURCE_MS = 4000;

/** Of others there may be any number; a client must not make series. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export interface MetricsOptions {
  readonly version: string;
  readonly sources: MetricSources;
  /** Told of a source that failed, for the log. */
  readonly onMissing: (source: SourceName, error: unknown) => void;
}

/**
 * The metrics of a process, for Prometheus: counted from its events, and looked up where they are states.
 * Series of jobs and workers go with them. An event is given to it once, by whoever runs the job.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #options: MetricsOptions;
  readonly #all: Instruments;

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#all = makeInstruments(this.#registry);
    this.#all.buildInfo.set({ version: options.version, node: process.version }, 1);
    // A series that begins with its first event has no increase that Prometheus could see.
    for (const state of ['completed', 'cancelled', 'failed']) this.#all.jobsEnded.inc({ state }, 0);
    for (const source of Object.keys(options.sources)) this.#all.scrapeFailures.inc({ source }, 0);
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Of the exposition. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The names of all metrics; those of histograms without their endings. */
  get names(): readonly string[] {
    return this.#registry.getMetricsAsArray().map(({ name }) => name);
  }

  /** What happens in the run of a job. */
  run(event: RunEvent, job: string): void {
    const all = this.#all;
    switch (event.type) {
      case 'step.done':
        all.steps.inc();
        all.stepSeconds.observe(event.seconds);
        for (const [phase, seconds] of Object.entries(event.phases)) all.phaseSeconds.inc({ phase }, seconds);
        all.examples.inc(event.examples);
        all.epoch.set({ job_id: job }, event.epoch);
        all.batchLoss.set({ job_id: job }, event.loss);
        break;
      case 'epoch.done':
        all.trainLoss.set({ job_id: job }, event.trainLoss);
        if (event.testLoss !== null) all.testLoss.set({ job_id: job }, event.testLoss);
        break;
      case 'guard.redone':
        all.guardRedone.inc();
        break;
      case 'guard.gave-up':
        all.guardGaveUp.inc();
        break;
      case 'checkpoint.saved':
        all.checkpoints.inc();
        break;
      case 'checkpoint.damaged':
        all.checkpointsDamaged.inc();
        break;
      case 'worker.lost':
        all.workerLost.inc();
        break;
      case 'worker.restarted':
        all.workerRestarted.inc();
        break;
      case 'part.recovered':
        all.partRecovered.inc();
        break;
      case 'run.ended':
        this.#forget(job);
        break;
      default:
    }
  }

  /** What happens to a job as a whole. */
  job(event: JobEvent, job: string): void {
    switch (event.type) {
      case 'job.retried':
        this.#all.attemptsFailed.inc();
        this.#forget(job);
        break;
      case 'job.failed':
        this.#all.attemptsFailed.inc();
        this.#end('failed', job);
        break;
      case 'job.completed':
        this.#end('completed', job);
        break;
      case 'job.cancelled':
        this.#end('cancelled', job);
        break;
      case 'job.paused':
      case 'job.returned':
        this.#forget(job);
        break;
      default:
    }
  }

  /** What happens to the coordinator. */
  service(event: ServiceEvent): void {
    if (event.type === 'request') this.#request(event);
    if (event.type === 'job.lost') this.#forget(event.jobId);
  }

  /** All metrics, in the text format of Prometheus. */
  async text(): Promise<string> {
    const { sources } = this.#options;
    const [jobs, queue, workers] = await Promise.all([
      this.#look('jobs', sources.jobs),
      this.#look('queue', sources.queue),
      this.#look('workers', sources.workers),
    ]);
    const all = this.#all;
    for (const looked of [all.jobs, all.workers, all.wireBytes, all.busySeconds, all.solves]) looked.reset();
    for (const state of jobs ? jobStates : []) all.jobs.set({ state }, jobs?.[state] ?? 0);
    // One without labels is there always: what is not known is no number.
    all.queueWaiting.set(queue?.waiting ?? NaN);
    all.queueOldest.set(queue?.oldestSeconds ?? NaN);
    for (const { worker, engine, solves, busySeconds, bytes } of workers ?? []) {
      all.workers.inc({ engine });
      all.solves.inc({ worker }, solves);
      all.busySeconds.inc({ worker }, busySeconds);
      all.wireBytes.inc({ worker }, bytes);
    }
    return this.#registry.metrics();
  }

  #request({ transport, method, route, status, seconds }: RequestEvent): void {
    if (transport === 'grpc') {
      this.#all.calls.inc({ method: route === null ? 'unknown' : method, status: String(status) });
      return;
    }
    const labels = { method: METHODS.has(method) ? method : 'other', route: route ?? 'none' };
    this.#all.requests.inc({ ...labels, status: String(status) });
    this.#all.requestSeconds.observe(labels, seconds);
  }

  #end(state: 'completed' | 'cancelled' | 'failed', job: string): void {
    this.#all.jobsEnded.inc({ state });
    this.#forget(job);
  }

  /** Removes the series of a job that does not run here any more. */
  #forget(job: string): void {
    const { epoch, batchLoss, trainLoss, testLoss } = this.#all;
    for (const ofJob of [epoch, batchLoss, trainLoss, testLoss]) ofJob.remove({ job_id: job });
  }

  async #look<Value>(source: SourceName, read: () => Promise<Value>): Promise<Value | null> {
    try {
      const found = await before(read(), SOURCE_MS);
      if (found === 'late') throw new Error(`no answer in ${SOURCE_MS} ms`);
      return found;
    } catch (error) {
      this.#all.scrapeFailures.inc({ source });
      this.#options.onMissing(source, error);
      return null;
    }
  }
}
