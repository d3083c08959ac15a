import { monitorEventLoopDelay } from 'node:perf_hooks';
import { grouped, table } from '../../cli/format.js';
import type { Engine } from '../../engine/engine.js';
import { autoencoder } from '../autoencoder.js';
import { syntheticPictures } from '../data.js';
import { interleave, ratios, spread, type Spread } from '../measure.js';
import { stepProducts } from '../products.js';
import { layerShapes } from '../shapes.js';
import { SteppedTraining, type StepTimes } from '../stepped-training.js';
import { millisecondsText, percentText, ratioText } from '../text.js';
import type { BenchOptions, Section } from './section.js';

const phases = ['forward', 'targets', 'solve', 'data', 'rest'] as const;

interface StepFigures {
  readonly stepSeconds: Spread;
  readonly productsSeconds: Spread;
  /** Time of a training step ÷ time of its bare products: M forward, M − 1 backward, those of the solves. */
  readonly stepOverProducts: Spread;
  readonly examplesPerSecond: number;
  /** Shares of the steps' time. */
  readonly shares: Readonly<Record<(typeof phases)[number], number>>;
  /** The longest time for which the main thread's timers had to wait. */
  readonly longestGapMs: number;
  /** The most memory that the process has had so far, what the bare products need included. */
  readonly peakMemoryBytes: number;
}

const WARMUPS = 1;
const GAP_RESOLUTION_MS = 5;

async function measure(engine: Engine, options: BenchOptions): Promise<StepFigures> {
  const { batch, iterations, rounds } = options;
  const job = await autoencoder(options);
  const data = syntheticPictures((WARMUPS + rounds + 1) * batch, job.widths[0]!);
  const training = await SteppedTraining.create(engine, job, data);
  const products = await stepProducts(engine, layerShapes(job.widths), { batch, iterations });
  const gaps = monitorEventLoopDelay({ resolution: GAP_RESOLUTION_MS });
  gaps.enable();
  const tasks = { step: () => training.step(), products: products.run };
  const seconds = await interleave(tasks, { rounds, warmups: WARMUPS });
  gaps.disable();
  const times = await training.end();
  products.release();
  const stepSeconds = spread(seconds.step);
  return {
    stepSeconds,
    productsSeconds: spread(seconds.products),
    stepOverProducts: spread(ratios(seconds.step, seconds.products)),
    examplesPerSecond: batch / stepSeconds.median,
    shares: sharesOf(times.slice(WARMUPS)),
    longestGapMs: gaps.max / 1e6,
    peakMemoryBytes: 1024 * process.resourceUsage().maxRSS,
  };
}

function sharesOf(times: readonly StepTimes[]): StepFigures['shares'] {
  const sum = (name: keyof StepTimes): number => times.reduce((seconds, step) => seconds + step[name], 0);
  const share = (name: keyof StepTimes): number => sum(name) / sum('total');
  const known = {
    forward: share('forward'),
    targets: share('targets'),
    solve: share('solve'),
    data: share('data'),
  };
  const rest = Object.values(known).reduce((left, part) => left - part, 1);
  return { ...known, rest };
}

function text(result: StepFigures): string {
  const { stepSeconds, productsSeconds, stepOverProducts, shares } = result;
  return table([
    ['step ÷ its bare products', ratioText(stepOverProducts)],
    ['step', millisecondsText(stepSeconds.median)],
    ['bare products', millisecondsText(productsSeconds.median)],
    ['examples/s', grouped(result.examplesPerSecond)],
    ...phases.map((phase) => [`share of ${phase}`, percentText(shares[phase])]),
    ['longest gap of the main thread', `${result.longestGapMs.toFixed(0)} ms`],
    ['peak memory', `${(result.peakMemoryBytes / 2 ** 30).toFixed(2)} GiB`],
  ]);
}

/** Steps of real training, on synthetic data, against their bare products. */
export const stepSection: Section = {
  description: 'training steps against their bare products',
  measure: async (engine, options) => {
    const figures = await measure(engine, options);
    return { figures, text: text(figures) };
  },
};
