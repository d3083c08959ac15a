import { table } from '../../../cli/format.js';
import type { AutoencoderChoice } from '../../autoencoder.js';
import { spread, type Spread } from '../../measure.js';
import { millisecondsText, ratioText } from '../../text.js';
import { ClusterTraining } from '../cluster-training.js';
import { paperJob, plainWorkers } from '../paper-job.js';
import type { ClusterBenchOptions, ClusterSection } from '../section.js';
import type { MeasuredStep } from '../step-meter.js';

type Wire = NonNullable<AutoencoderChoice['wire']>;

interface WireResult {
  readonly wire: Wire;
  readonly stepSeconds: Spread;
  /** Of the worker that solves longer. */
  readonly solvingSeconds: Spread;
  /** The coordinator's engine: forward pass, loss, D and R⁰. */
  readonly coordinatorSeconds: Spread;
  /** Step ÷ (solving of the worker that solves longer + the coordinator's computing). */
  readonly stepOverComputing: Spread;
  readonly limit: number;
  readonly bytesPerStep: number;
}

interface StepFigures {
  readonly batch: number;
  readonly workers: number;
  readonly wires: readonly WireResult[];
}

const LIMITS: Readonly<Record<Wire, number>> = { f32: 1.25, bf16: 1.15 };
const WORKERS = 2;
const WARMUPS = 2;

const longest = ({ workers }: MeasuredStep): number => Math.max(...workers.map(({ solving }) => solving));

async function measureWire(
  wire: Wire,
  options: ClusterBenchOptions,
): Promise<WireResult & { batch: number }> {
  const steps = options.quick ? 3 : 11;
  const paper = await paperJob({ batch: 1000, iterations: 10, wire }, options, WARMUPS + steps + 2);
  const startWorkers = plainWorkers(WORKERS);
  const training = await ClusterTraining.open({ ...paper, threads: 1, startWorkers, workers: WORKERS });
  try {
    await training.steps(WARMUPS - 1);
    const measured = await training.steps(steps);
    const computing = measured.map((step) => longest(step) + step.coordinatorSeconds);
    const bytes = measured.map(({ workers }) => workers.reduce((sum, worker) => sum + worker.bytes, 0));
    return {
      batch: paper.job.spec.training.batchSize,
      wire,
      stepSeconds: spread(measured.map(({ seconds }) => seconds)),
      solvingSeconds: spread(measured.map(longest)),
      coordinatorSeconds: spread(measured.map(({ coordinatorSeconds }) => coordinatorSeconds)),
      stepOverComputing: spread(measured.map(({ seconds }, index) => seconds / computing[index]!)),
      limit: LIMITS[wire],
      bytesPerStep: bytes.reduce((sum, count) => sum + count, 0) / bytes.length,
    };
  } finally {
    await training.close();
  }
}

async function measure(options: ClusterBenchOptions): Promise<StepFigures> {
  const wires: WireResult[] = [];
  let size = 0;
  for (const wire of ['f32', 'bf16'] as const) {
    const { batch, ...result } = await measureWire(wire, options);
    size = batch;
    wires.push(result);
  }
  return { batch: size, workers: WORKERS, wires };
}

const text = ({ batch, wires }: StepFigures): string =>
  table([
    [`B = ${batch}`, 'step', 'solving', 'coordinator', 'step ÷ computing', 'limit', 'MB a step'],
    ...wires.map((result) => [
      result.wire,
      millisecondsText(result.stepSeconds.median),
      millisecondsText(result.solvingSeconds.median),
      millisecondsText(result.coordinatorSeconds.median),
      ratioText(result.stepOverComputing),
      result.limit.toFixed(2),
      (result.bytesPerStep / 1e6).toFixed(1),
    ]),
  ]);

/** What a step takes beside what is computed for it. */
export const stepSection: ClusterSection = {
  description: 'steps with two workers against what they and the coordinator compute',
  measure: async (options) => {
    const figures = await measure(options);
    return { figures, text: text(figures) };
  },
};
