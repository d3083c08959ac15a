import { table } from '../../../cli/format.js';
import { note } from '../../../cli/output.js';
import { spread, type Spread } from '../../measure.js';
import { ClusterTraining } from '../cluster-training.js';
import type { Quota } from '../cpu-quota.js';
import { paperJob, plainWorkers } from '../paper-job.js';
import type { ClusterBenchOptions, ClusterSection } from '../section.js';

type LocalLoss = 'matching' | 'squared';

interface CountResult {
  readonly workers: number;
  readonly solveSeconds: Spread;
  readonly stepSeconds: Spread;
  readonly coordinatorSeconds: Spread;
  /** Of the solve phase, over one worker. */
  readonly solveSpeedUp: number;
  readonly stepSpeedUp: number;
  /** What the step's speed-up could be at most, as the coordinator's computing does not shrink. */
  readonly stepSpeedUpLimit: number;
}

interface LossResult {
  readonly localLoss: LocalLoss;
  readonly counts: readonly CountResult[];
}

interface ScaleFigures {
  readonly batch: number;
  /** Null where workers are not held. */
  readonly quota: Quota | null;
  /** The least solve speed-up ÷ workers that is wanted, of the loss `matching`. */
  readonly wanted: number;
  readonly losses: readonly LossResult[];
}

const QUOTA: Quota = { quotaMs: 2, periodMs: 10 };
const BATCH = 2000;
const WANTED = 0.85;
/** Steps after which the planner has looked twice at how fast the workers solve (PlanKeeper). */
const STEPS_TO_LEARN = 8;

type Times = Pick<CountResult, 'workers' | 'solveSeconds' | 'stepSeconds' | 'coordinatorSeconds'>;

async function measureCount(
  workers: number,
  localLoss: LocalLoss,
  options: ClusterBenchOptions,
): Promise<Times> {
  const steps = options.quick || localLoss === 'squared' ? 3 : 5;
  // With one worker there is nothing to plan.
  const unmeasured = options.quick || workers === 1 ? 1 : STEPS_TO_LEARN;
  const job = { batch: BATCH, iterations: 10, localLoss };
  const paper = await paperJob(job, options, steps + unmeasured + 1);
  const training = await ClusterTraining.open({
    ...paper,
    threads: 1,
    startWorkers: plainWorkers(workers, options.quick ? undefined : QUOTA),
    workers,
  });
  try {
    const measured = await training.steps(steps, unmeasured);
    return {
      workers,
      solveSeconds: spread(measured.map(({ solveSeconds }) => solveSeconds)),
      stepSeconds: spread(measured.map(({ seconds }) => seconds)),
      coordinatorSeconds: spread(measured.map(({ coordinatorSeconds }) => coordinatorSeconds)),
    };
  } finally {
    await training.close();
  }
}

/** The step of one worker ÷ (its solve phase shared out + what the coordinator computes besides). */
function withSpeedUps(times: readonly Times[]): CountResult[] {
  const one = times[0]!;
  const solve = one.solveSeconds.median;
  const rest = Math.max(0, one.stepSeconds.median - solve);
  return times.map((own) => ({
    ...own,
    solveSpeedUp: solve / own.solveSeconds.median,
    stepSpeedUp: one.stepSeconds.median / own.stepSeconds.median,
    stepSpeedUpLimit: one.stepSeconds.median / (solve / own.workers + rest),
  }));
}

async function measure(options: ClusterBenchOptions): Promise<ScaleFigures> {
  const counts = options.quick ? [1, 2] : [1, 2, 4, 8];
  const losses: LossResult[] = [];
  const wanted: readonly LocalLoss[] = options.quick ? ['matching'] : ['matching', 'squared'];
  for (const localLoss of wanted) {
    const times: Times[] = [];
    for (const count of counts) {
      times.push(await measureCount(count, localLoss, options));
      // It takes a quarter of an hour: whoever waits sees that it goes on.
      const { solveSeconds, stepSeconds } = times.at(-1)!;
      note(
        `${localLoss}, ${count}: solve ${solveSeconds.median.toFixed(2)} s, step ${stepSeconds.median.toFixed(2)} s`,
      );
    }
    losses.push({ localLoss, counts: withSpeedUps(times) });
  }
  const { quick } = options;
  return { batch: quick ? 20 : BATCH, quota: quick ? null : QUOTA, wanted: WANTED, losses };
}

function text({ batch, quota, wanted, losses }: ScaleFigures): string {
  const held = quota ? `${quota.quotaMs} ms of each ${quota.periodMs} ms` : 'not held';
  const seconds = ({ median }: Spread): string => median.toFixed(2);
  const rows = losses.flatMap(({ localLoss, counts }) =>
    counts.map((own) => [
      `${localLoss}, ${own.workers}`,
      seconds(own.solveSeconds),
      own.solveSpeedUp.toFixed(2),
      localLoss === 'matching' ? (wanted * own.workers).toFixed(2) : '',
      seconds(own.stepSeconds),
      own.stepSpeedUp.toFixed(2),
      own.stepSpeedUpLimit.toFixed(2),
      seconds(own.coordinatorSeconds),
    ]),
  );
  const head = ['workers', 'solve s', 'speed-up', 'wanted', 'step s', 'speed-up', 'limit', 'coordinator s'];
  return `B = ${batch}, workers ${held}\n${table([head, ...rows])}`;
}

/** How the solve phase shrinks with the number of workers, each held to a share of a processor. */
export const scaleSection: ClusterSection = {
  description: 'solve phase and step with 1 to 8 workers, each held to a fifth of a processor',
  measure: async (options) => {
    const figures = await measure(options);
    return { figures, text: text(figures) };
  },
};
