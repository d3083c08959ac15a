import type { Command } from 'commander';
import { LocopropError } from '../../core/errors/error.js';
import { DEFAULT_EXPERIMENT } from '../../core/settings/table.js';
import type { RunSummary } from '../../coordinator/finish/summary.js';
import type { JobFile } from '../../services/configuration/job-file.js';
import type { Run } from '../../services/store/run.js';
import type { ClusterOptions, JoinCluster } from '../../coordinator/cluster/cluster.js';
import type { ClusterFlags } from '../cluster.js';
import { Interruption, STOPS_AFTER_STEP } from '../interruption.js';
import { openCommandLog, type CommandLog } from '../log.js';
import {
  collect,
  toCount,
  withEngine,
  withLog,
  withOutput,
  type CommandContext,
  type LogOptions,
  type OutputOptions,
} from '../options.js';
import { openJob, requireOneSource, type JobOptions } from '../open-job.js';
import { note, print, printJson } from '../output.js';
import { openProgress, type ProgressView } from '../progress.js';
import { remarksOnSpec } from '../spec-remarks.js';
import { trackingOf, trackingText, type OpenTracking } from '../tracking.js';
import { summaryText } from '../summary-text.js';

interface TrainOptions extends OutputOptions, JobOptions, LogOptions, ClusterFlags {
  readonly mlflow?: string;
  readonly mlflowExperiment?: string;
}

/** At its end, a run waits so long for MLflow. */
const TRACKING_MS = 10_000;

export function addTrain(program: Command, context: CommandContext): void {
  const command = program
    .command('train')
    .description('Train the network of a spec, or continue a run.')
    .argument('[spec]', 'a job spec, YAML or JSON')
    .option('--resume <run>', 'continue the run in this folder, with its own spec')
    .option('--set <path=value>', 'set a field of the spec; may be repeated', collect)
    .option('--out <dir>', "the run's folder (default: runs/<name of the job>)")
    .option('--mlflow <url>', 'log the run to the MLflow tracking server there, too')
    .option(
      '--mlflow-experiment <name>',
      `its experiment there (default: MLFLOW_EXPERIMENT_NAME, or ${DEFAULT_EXPERIMENT})`,
    )
    .option('--workers <n>', 'solve the layers on so many workers, started on this machine', toCount)
    .option(
      '--worker-threads <n>',
      'threads of each of them (default: their share of the processors)',
      toCount,
    )
    .option('--listen <address>', 'solve the layers on workers that dial in here, HOST:PORT')
    .option('--solve-here', 'let the engine of this process solve parts too')
    .option('--tls <dir>', 'certificates to show to workers and to ask of them; see `locoprop certs`')
    .option('--token-file <file>', 'the token that workers must send')
    .option('--insecure', 'listen for workers of other machines without certificates and token')
    .action(async (spec: string | undefined, options: TrainOptions) => {
      context.setExitCode(await train(spec, options, context));
    });
  withOutput(withLog(withEngine(command)), 'locoprop train examples/curves-autoencoder.yaml --set seed=2');
}

/** Returns the exit code. */
async function train(
  specFile: string | undefined,
  options: TrainOptions,
  context: CommandContext,
): Promise<number> {
  requireOneSource(specFile, options);
  const log = await logOf(options, context);
  // A log has nothing but its lines.
  const remark = log && ((text: string): void => log.service({ type: 'note', text }));
  const interruption = new Interruption(STOPS_AFTER_STEP, ...(remark ? [remark] : []));
  try {
    const openTracking = await trackingOf(options, context);
    const { clusterOf } = await import('../cluster.js');
    const cluster = await clusterOf(options, remark ?? note);
    const opened = await openJob(specFile, options, context, remark ?? note);
    const { job, run } = opened;
    try {
      const summary = await runToEnd(job, run, options, {
        cluster,
        stop: interruption.signal,
        log,
        openTracking,
      });
      if (options.json) printJson(summary);
      else print(summaryText(summary));
      return summary.outcome === 'stopped' ? interruption.exitCode : 0;
    } catch (error) {
      const stopped = error instanceof LocopropError && error.code === 'RUN_STOPPED_WAITING';
      if (!stopped || options.json) throw error;
      (remark ?? note)(`${error.message} ${error.remedy}`);
      return interruption.exitCode;
    } finally {
      await opened.close();
    }
  } finally {
    interruption.close();
    log?.close();
  }
}

interface Surroundings {
  readonly cluster: ClusterOptions | null;
  readonly stop: AbortSignal;
  readonly log: CommandLog | null;
  readonly openTracking: OpenTracking | null;
}

/** Trains, and shows how it goes: as a log where that is asked for, else as progress. */
async function runToEnd(
  job: JobFile,
  run: Run,
  options: TrainOptions,
  { cluster, stop, log, openTracking }: Surroundings,
): Promise<RunSummary> {
  const { trainToEnd } = await import('../../coordinator/finish/train-to-end.js');
  const view: ProgressView = log
    ? { record: log.run, remark: () => undefined, close: () => undefined }
    : openProgress(process.stderr);
  run.events.subscribe(view.record);
  run.events.subscribe((event) => {
    if (event.type !== 'run.started') return;
    for (const text of remarksOnSpec(job.spec, event)) {
      if (log) log.service({ type: 'note', text });
      else view.remark(text);
    }
  });
  const tracking = openTracking?.(log ? log.service : (event) => view.remark(trackingText(event)));
  tracking?.follow(run, job.spec.name, job.spec);
  try {
    const resume = options.resume !== undefined;
    const workers = cluster && {
      cluster: await joined(cluster),
      sharesProcessors: cluster.localWorkers !== null,
    };
    return await trainToEnd({ ...job, environment: process.env }, { run, resume, stop, ...workers });
  } finally {
    view.close();
    await tracking?.close(TRACKING_MS);
  }
}

const logOf = async (
  { logLevel: level, pretty }: TrainOptions,
  { version }: CommandContext,
): Promise<CommandLog | null> =>
  level === 'silent' ? null : openCommandLog({ service: 'train', version, level, pretty: pretty === true });

async function joined(options: ClusterOptions): Promise<JoinCluster> {
  const { openCluster } = await import('../../coordinator/cluster/cluster.js');
  return (job) => openCluster(options, job);
}
