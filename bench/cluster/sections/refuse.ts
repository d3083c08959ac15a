import { table } from '../../../cli/format.js';
import { interleave, ratios, spread, type Spread } from '../../measure.js';
import { millisecondsText, ratioText } from '../../text.js';
import { ClusterTraining, type Closable } from '../cluster-training.js';
import { paperJob, plainWorkers, type PaperJob } from '../paper-job.js';
import type { ClusterBenchOptions, ClusterSection } from '../section.js';
import { SlowLink } from '../slow-link.js';
import { WorkerProcess } from '../worker-process.js';

/** A worker that only would slow a step down. */
type Slow = 'link' | 'processor';

interface RefusedResult {
  readonly slow: Slow;
  readonly leftOut: readonly string[];
  readonly stepSeconds: Spread;
  readonly stepSecondsWithout: Spread;
  /** Steps with the slow worker ÷ steps without. */
  readonly withOverWithout: Spread;
  /** The most that is wanted. */
  readonly limit: number;
}

interface RefuseFigures {
  readonly cases: readonly RefusedResult[];
}

const SLOW_BYTES_PER_SECOND = 1e6;
/** More than 1 % at the start would be told as the speed; less, and it does not start in a minute. */
const SLOW_QUOTA = { quotaMs: 2, periodMs: 100 };
const LIMIT = 1.05;
const GOOD_WORKERS = 2;
/** Steps of each kind in a round: their median counts. */
const BLOCK = 3;
const NAME = 'slow';

const open = (
  paper: PaperJob,
  slow: ((address: string) => Promise<Closable[]>) | null,
): Promise<ClusterTraining> =>
  ClusterTraining.open({
    ...paper,
    threads: 1,
    startWorkers: async (address) => [
      ...plainWorkers(GOOD_WORKERS)(address),
      ...((await slow?.(address)) ?? []),
    ],
    workers: GOOD_WORKERS + (slow ? 1 : 0),
  });

async function slowWorker(slow: Slow, address: string, quick: boolean): Promise<Closable[]> {
  if (slow === 'processor') {
    return [new WorkerProcess({ name: NAME, address, quota: quick ? undefined : SLOW_QUOTA })];
  }
  const link = await SlowLink.open(Number(address.split(':')[1]), SLOW_BYTES_PER_SECOND);
  return [new WorkerProcess({ name: NAME, address: link.address }), link];
}

async function measureCase(slow: Slow, options: ClusterBenchOptions): Promise<RefusedResult> {
  const rounds = options.quick ? 1 : 5;
  const paper = await paperJob({ batch: 1000, iterations: 10 }, options, (rounds + 1) * (BLOCK + 1) + 1);
  const without = await open(paper, null);
  try {
    const together = await open(paper, (address) => slowWorker(slow, address, options.quick));
    try {
      const task = (training: ClusterTraining) => async (): Promise<number> =>
        spread((await training.steps(BLOCK)).map(({ seconds }) => seconds)).median;
      const tasks = { without: task(without), together: task(together) };
      const seconds = await interleave(tasks, { rounds, warmups: 1 });
      return {
        slow,
        leftOut: together.plan.leftOut,
        stepSeconds: spread(seconds.together),
        stepSecondsWithout: spread(seconds.without),
        withOverWithout: spread(ratios(seconds.together, seconds.without)),
        limit: LIMIT,
      };
    } finally {
      await together.close();
    }
  } finally {
    await without.close();
  }
}

async function measure(options: ClusterBenchOptions): Promise<RefuseFigures> {
  const cases: RefusedResult[] = [];
  const wanted: readonly Slow[] = options.quick ? ['link'] : ['link', 'processor'];
  for (const slow of wanted) cases.push(await measureCase(slow, options));
  return { cases };
}

const slowText: Readonly<Record<Slow, string>> = {
  link: 'a link of 1 MB/s',
  processor: '2 % of a processor',
};

const text = ({ cases }: RefuseFigures): string =>
  table([
    ['a third worker has', 'left out', 'step with', 'without', 'with ÷ without', 'limit'],
    ...cases.map((result) => [
      slowText[result.slow],
      result.leftOut.includes(NAME) ? 'yes' : 'no',
      millisecondsText(result.stepSeconds.median),
      millisecondsText(result.stepSecondsWithout.median),
      ratioText(result.withOverWithout),
      result.limit.toFixed(2),
    ]),
  ]);

/** Steps with a worker that the planner should leave idle, against steps without it. */
export const refuseSection: ClusterSection = {
  description: 'steps with a worker that is too slow to be of use, against steps without it',
  measure: async (options) => {
    const figures = await measure(options);
    return { figures, text: text(figures) };
  },
};
