import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** From a millisecond, for a small network, to a minute. */
const STEP_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const REQUEST_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Every metric of the project, under its name. The label of a job is `job_id`: Prometheus itself gives every series
 * a `job`, that of the scrape.
 */
export interface Instruments {
  readonly buildInfo: Gauge<'version' | 'node'>;
  readonly jobs: Gauge<'state'>;
  readonly queueWaiting: Gauge;
  readonly queueOldest: Gauge;
  readonly attemptsFailed: Counter;
  readonly jobsEnded: Counter<'state'>;
  readonly steps: Counter;
  readonly stepSeconds: Histogram;
  readonly phaseSeconds: Counter<'phase'>;
  readonly examples: Counter;
  readonly epoch: Gauge<'job_id'>;
  readonly batchLoss: Gauge<'job_id'>;
  readonly trainLoss: Gauge<'job_id'>;
  readonly testLoss: Gauge<'job_id'>;
  readonly guardRedone: Counter;
  readonly guardGaveUp: Counter;
  readonly checkpoints: Counter;
  readonly checkpointsDamaged: Counter;
  readonly workers: Gauge<'engine'>;
  readonly workerLost: Counter;
  readonly workerRestarted: Counter;
  readonly partRecovered: Counter;
  readonly wireBytes: Counter<'worker'>;
  readonly busySeconds: Counter<'worker'>;
  readonly solves: Counter<'worker'>;
  readonly requests: Counter<'method' | 'route' | 'status'>;
  readonly requestSeconds: Histogram<'method' | 'route'>;
  readonly calls: Counter<'method' | 'status'>;
  readonly scrapeFailures: Counter<'source'>;
}

/** Makes them in a registry of their own. */
export function makeInstruments(registry: Registry): Instruments {
  const registers = [registry];
  const counter = <Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Counter<Label> => new Counter({ name: `locoprop_${name}`, help, labelNames, registers });
  const gauge = <Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Gauge<Label> => new Gauge({ name: `locoprop_${name}`, help, labelNames, registers });
  return {
    buildInfo: gauge('build_info', 'Always 1; the labels say what runs.', ['version', 'node']),

    jobs: gauge('jobs', 'Jobs in the store, by their state.', ['state']),
    queueWaiting: gauge('queue_waiting', 'Jobs that wait in the queue.'),
    queueOldest: gauge('queue_oldest_seconds', 'How long the oldest of them has waited; 0 without any.'),
    attemptsFailed: counter(
      'job_attempts_failed_total',
      'Tries at a job that failed, the last ones included.',
    ),
    jobsEnded: counter('jobs_ended_total', 'Jobs that this coordinator has ended, by how.', ['state']),

    steps: counter('steps_total', 'Steps committed.'),
    stepSeconds: new Histogram({
      name: 'locoprop_step_seconds',
      help: 'What a step takes.',
      buckets: STEP_BUCKETS,
      registers,
    }),
    phaseSeconds: counter('step_phase_seconds_total', 'Seconds of steps, by what they went to.', ['phase']),
    examples: counter('examples_total', 'Examples of the steps.'),
    epoch: gauge('epoch', 'The epoch, from 1, that a running job is in.', ['job_id']),
    batchLoss: gauge('batch_loss', 'Loss of the last batch of a running job, before its step.', ['job_id']),
    trainLoss: gauge('train_loss', 'Loss over the training data at the last evaluation of a running job.', [
      'job_id',
    ]),
    testLoss: gauge('test_loss', 'The same over the test data.', ['job_id']),
    guardRedone: counter('guard_redone_total', 'Local problems that the guard had solved again.'),
    guardGaveUp: counter(
      'guard_gave_up_total',
      'Local problems that it gave up: the layer stayed as it was in that step.',
    ),
    checkpoints: counter('checkpoints_total', 'Checkpoints saved.'),
    checkpointsDamaged: counter('checkpoints_damaged_total', 'Checkpoints that could not be read.'),

    workers: gauge('workers', 'Workers attached to this coordinator.', ['engine']),
    workerLost: counter('worker_lost_total', 'Workers that were lost while a job ran.'),
    workerRestarted: counter('worker_restarted_total', 'Workers of this machine that were started anew.'),
    partRecovered: counter('part_recovered_total', 'Parts of lost workers that were loaded elsewhere.'),
    wireBytes: counter('wire_bytes_total', 'Bytes of matrices that travelled, both ways.', ['worker']),
    busySeconds: counter('worker_busy_seconds_total', 'Seconds that a worker spent solving.', ['worker']),
    solves: counter('worker_solves_total', 'Local problems that a worker has solved.', ['worker']),

    requests: counter('http_requests_total', 'Requests answered over HTTP.', ['method', 'route', 'status']),
    requestSeconds: new Histogram({
      name: 'locoprop_http_request_seconds',
      help: 'From a request over HTTP to the end of its answer.',
      labelNames: ['method', 'route'],
      buckets: REQUEST_BUCKETS,
      registers,
    }),
    calls: counter('grpc_requests_total', 'Calls answered over gRPC.', ['method', 'status']),
    scrapeFailures: counter('scrape_failures_total', 'Scrapes that had to go without some metrics.', [
      'source',
    ]),
  };
}
