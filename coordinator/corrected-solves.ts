import { correctionRoutine } from '../core/correction.js';
import type { Engine, Tensor } from '../engine/engine.js';
import type { ParameterTensors } from '../engine/layer-tensors.js';
import { forwardLayer, type Activation, type NetworkRule, type SweptProblem } from '../engine/sweep.js';
import type { LayerPool, LayerReport } from './pool/layer-pool.js';

export interface CorrectedStep {
  readonly engine: Engine;
  readonly network: NetworkRule;
  readonly pool: LayerPool;
  /** c: how far an input may be moved, in units of √units of the layer below. */
  readonly correction: number;
  /** Of before the step, first layer first. */
  readonly parameters: readonly ParameterTensors[];
  readonly activations: readonly Activation[];
  /** Solves a problem and ends the layer's step. */
  readonly solve: (problem: SweptProblem) => Promise<LayerReport>;
}

/**
 * Solves the layers one after the other, first to last: what a layer gives with its new weights moves the input
 * of the next one. A target lies as far from the corrected output as it did from that of the forward pass.
 *
 * @param problems first layer first; their tensors stay the caller's
 */
export async function solveCorrected(
  problems: readonly SweptProblem[],
  { engine, network, pool, correction, parameters, activations, solve }: CorrectedStep,
): Promise<LayerReport[]> {
  const made: Tensor[] = [];
  const reports: LayerReport[] = [];
  const forward = async (layer: number, own: ParameterTensors, inputs: Tensor): Promise<Activation> => {
    const activation = await forwardLayer(engine, network.layers[layer]!, own, inputs);
    made.push(activation.preactivation, activation.output);
    return activation;
  };
  try {
    let problem = problems[0]!;
    for (const layer of network.layers.keys()) {
      reports.push(await solve(problem));
      const above = problems[layer + 1];
      if (!above) break;
      const { output: solved } = await forward(layer, await pool.parameters(layer), problem.inputs);
      const { output } = activations[layer]!;
      const { tensors } = await engine.run({
        routine: correctionRoutine,
        inputs: { output, solved },
        scalars: { limit: correction * Math.sqrt(output.columns) },
      });
      const inputs = tensors['inputs']!;
      made.push(inputs);
      const { preactivation } = await forward(layer + 1, parameters[layer + 1]!, inputs);
      problem = { ...above, inputs, preactivation };
    }
    return reports;
  } finally {
    engine.release(made);
  }
}
