import type { Engine, Tensor } from '../engine/engine.js';
import {
  backwardSweep,
  forwardPass,
  lossGradient,
  releaseActivations,
  type Activation,
  type NetworkRule,
} from '../engine/sweep.js';
import type { Batch } from './batch-source.js';
import { solveGuarded, type GuardIncident, type GuardOptions } from './guard.js';
import type { LayerPool, LayerReport } from './pool/layer-pool.js';
import { Stopwatch } from './stopwatch.js';

/** What a step's time went to, in seconds. */
export interface StepPhases {
  readonly forward: number;
  /** The backward sweep and whatever else is no solve: gradients and displacements. */
  readonly targets: number;
  /** The local problems, all together on one engine. */
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
  /** The epoch's factor of the learning rates. */
  readonly rateFactor: number;
  readonly onIncident: (incident: GuardIncident) => void;
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

/**
 * One step: the forward pass, then every layer's local problem, each sent off as soon as the backward
 * sweep has made it; then the commit.
 * @throws LossNotFinite
 */
export async function trainStep(batch: Batch, options: StepOptions): Promise<StepResult> {
  const { engine, network, pool } = options;
  const watch = new Stopwatch();
  const parameters = network.layers.map((_, layer) => pool.parameters(layer));
  const activations = await forwardPass(engine, network.layers, parameters, batch.inputs);
  const displacements: Tensor[] = [];
  try {
    const { loss, gradient } = await lossGradient(engine, network, activations.at(-1)!, batch.labels);
    const forward = watch.lap();
    if (!Number.isFinite(loss)) {
      engine.release([gradient]);
      throw new LossNotFinite(await firstNotFinite(engine, activations));
    }
    const solves: Promise<LayerReport>[] = [];
    for await (const problem of backwardSweep(engine, network, parameters, activations, gradient)) {
      displacements.push(problem.displacement);
      const placed = { ...problem, rateFactor: options.rateFactor };
      const solve = solveGuarded(pool, placed, options.guard, options.onIncident);
      // The failure is met below, by Promise.all; without this it would count as unhandled until then.
      solve.catch(() => undefined);
      solves.unshift(solve);
    }
    const reports = await Promise.all(solves);
    pool.commit();
    // An engine takes solves and sweep in turn, so what is not the one is the other.
    const solve = reports.reduce((total, { seconds }) => total + seconds, 0);
    return { loss, reports, phases: { forward, targets: Math.max(0, watch.lap() - solve), solve } };
  } finally {
    releaseActivations(engine, activations);
    engine.release(displacements);
  }
}

async function firstNotFinite(engine: Engine, activations: readonly Activation[]): Promise<number | null> {
  for (const [layer, { output }] of activations.entries()) {
    const { data } = await engine.download(output);
    if (!data.every(Number.isFinite)) return layer;
  }
  return null;
}
