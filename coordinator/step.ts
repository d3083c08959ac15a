import type { Engine, Tensor } from '../engine/engine.js';
import type { ParameterTensors } from '../engine/layer-tensors.js';
import type { SecondOrderProblem } from '../engine/second-order.js';
import {
  backwardSweep,
  forwardPass,
  lossGradient,
  releaseActivations,
  type Activation,
  type NetworkRule,
  type SweptProblem,
} from '../engine/sweep.js';
import type { Batch } from './batch-source.js';
import { sampledGradients } from './sampled-gradients.js';
import { solveCorrected } from './corrected-solves.js';
import type { GradientMeans } from './gradient-means.js';
import { solveGuarded, type GuardIncident, type GuardOptions } from './guard.js';
import type { LayerPool, LayerReport } from './pool/layer-pool.js';
import { Stopwatch } from './stopwatch.js';
import { metLater } from './pool/met-later.js';

/** What a step's time went to, in seconds. */
export interface StepPhases {
  /** The forward pass, as far as it did not run beside the solves of the step before. */
  readonly forward: number;
  /** The backward sweep and whatever else is no solve: gradients and displacements. */
  readonly targets: number;
  /** The local problems; where they are solved elsewhere, what is left of them after the sweep. */
  readonly solve: number;
}

export interface StepResult {
  /** Of the batch, with the weights before the step. */
  readonly loss: number;
  /** First layer first. */
  readonly reports: readonly LayerReport[];
  readonly phases: StepPhases;
}

export interface StepOptions {
  readonly engine: Engine;
  readonly network: NetworkRule;
  readonly pool: LayerPool;
  readonly guard: GuardOptions;
  /** Number of the step, from 1. */
  readonly step: number;
  /** The epoch's factor of the learning rates. */
  readonly rateFactor: number;
  /** c: layers are solved in order, each correcting the next one's input; 0 for all at once. */
  readonly correction: number;
  /** Null where targets are made of the step's own gradients. */
  readonly gradientMeans: GradientMeans | null;
  /** What sampled labels are drawn from. */
  readonly seed: number;
  readonly onIncident: (incident: GuardIncident) => void;
  /** Called once all problems of the step are on their way. */
  readonly onSwept: () => void;
}

/** The loss of a batch is not finite: nothing was changed. */
export class LossNotFinite extends Error {
  /** The first layer whose output is not finite, from 0; null where the outputs are and the loss is not. */
  readonly layer: number | null;

  constructor(layer: number | null) {
    super('the loss is not finite');
    this.layer = layer;
  }
}

/** A batch on its way up, with the parameters that it met. */
export interface Forwarded {
  readonly parameters: readonly ParameterTensors[];
  readonly activations: readonly Activation[];
}

type Computing = Pick<StepOptions, 'engine' | 'network' | 'pool'>;

/** The forward pass of a step, entering each layer as soon as the step before has left its weights. */
export async function stepForward(batch: Batch, { engine, network, pool }: Computing): Promise<Forwarded> {
  const parameters: ParameterTensors[] = [];
  const parametersOf = async (layer: number): Promise<ParameterTensors> => {
    const own = await pool.parameters(layer);
    parameters.push(own);
    return own;
  };
  const activations = await forwardPass(engine, network.layers, parametersOf, batch.inputs);
  return { parameters, activations };
}

/**
 * One step after its forward pass: every layer's local problem, each sent off as soon as the backward
 * sweep has made it; then the commit. The activations are released.
 * @throws LossNotFinite
 */
export async function trainStep(
  batch: Batch,
  forward: Promise<Forwarded>,
  options: StepOptions,
): Promise<StepResult> {
  const { engine, network, pool, correction, gradientMeans } = options;
  const watch = new Stopwatch();
  const { parameters, activations } = await forward;
  const displacements: Tensor[] = [];
  const sampled: Tensor[] = [];
  try {
    const { loss, gradient } = await lossGradient(engine, network, activations.at(-1)!, batch.labels);
    const forwardSeconds = watch.lap();
    if (!Number.isFinite(loss)) {
      engine.release([gradient]);
      throw new LossNotFinite(await firstNotFinite(engine, activations));
    }
    sampled.push(...(await sampledGradients(parameters, activations, gradient, options)));
    const solves: Promise<LayerReport>[] = [];
    const problems: SweptProblem[] = [];
    const targetGradient = gradientMeans?.with.bind(gradientMeans);
    for await (const problem of backwardSweep(
      engine,
      network,
      parameters,
      activations,
      gradient,
      targetGradient,
    )) {
      displacements.push(problem.displacement);
      problems.unshift(problem);
      if (correction > 0) continue;
      const sampledGradient = sampled[problem.layer];
      const solved = solveAndSettle({ ...problem, ...(sampledGradient && { sampledGradient }) }, options);
      // By Promise.all, below.
      solves.unshift(metLater(solved));
    }
    const sweep = watch.lap();
    pool.swept();
    options.onSwept();
    const solve = (problem: SweptProblem): Promise<LayerReport> => solveAndSettle(problem, options);
    const reports =
      correction > 0
        ? await solveCorrected(problems, {
            engine,
            network,
            pool,
            correction,
            parameters,
            activations,
            solve,
          })
        : await Promise.all(solves);
    await pool.commit();
    const phases = phasesOf(pool, reports, sweep, watch.lap());
    return { loss, reports, phases: { forward: forwardSeconds, ...phases } };
  } finally {
    releaseActivations(engine, activations);
    engine.release([...displacements, ...sampled]);
  }
}

async function solveAndSettle(
  problem: SweptProblem & SecondOrderProblem,
  { pool, step, rateFactor, guard, onIncident }: StepOptions,
): Promise<LayerReport> {
  const { report, accepted } = await solveGuarded(pool, { ...problem, step, rateFactor }, guard, onIncident);
  await pool.settle(problem.layer, accepted);
  return report;
}

/** An engine that solves takes solves and sweep in turn, so what is not the one is the other. */
function phasesOf(
  { concurrent }: LayerPool,
  reports: readonly LayerReport[],
  sweep: number,
  rest: number,
): Pick<StepPhases, 'targets' | 'solve'> {
  if (concurrent) return { targets: sweep, solve: rest };
  const solve = reports.reduce((total, { seconds }) => total + seconds, 0);
  return { targets: Math.max(0, sweep + rest - solve), solve };
}

async function firstNotFinite(engine: Engine, activations: readonly Activation[]): Promise<number | null> {
  for (const [layer, { output }] of activations.entries()) {
    const { data } = await engine.download(output);
    if (!data.every(Number.isFinite)) return layer;
  }
  return null;
}
