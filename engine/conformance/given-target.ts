import type { LayerRule } from '../../core/layer.js';
import type { Matrix } from '../../core/matrix.js';
import { forwardLayer } from '../sweep.js';
import type { Engines } from './case-run.js';
import type { ParameterTensors } from '../layer-tensors.js';
import { withTensors } from './tensor-scope.js';

/** x − y entry by entry, in float64. */
export const difference = (x: Matrix, y: Matrix): Matrix<Float64Array> => ({
  rows: x.rows,
  columns: x.columns,
  data: Float64Array.from(x.data, (value, index) => value - y.data[index]!),
});

/** R⁰ = output − T for a given T, in float64 from the engine's own current parameters. */
export async function displacementFrom(
  { engine, oracle }: Engines,
  rule: LayerRule,
  parameters: ParameterTensors,
  { X, target }: { readonly X: Matrix; readonly target: Matrix },
): Promise<Matrix> {
  const weights = await engine.download(parameters.weights);
  const bias = await engine.download(parameters.bias);
  return withTensors(oracle, async (scope) => {
    const own = { weights: await scope.upload(weights), bias: await scope.upload(bias) };
    const { preactivation, output } = await forwardLayer(oracle, rule, own, await scope.upload(X));
    scope.keep([preactivation, output]);
    const reached = rule.localLoss.part.output === 'preactivation' ? preactivation : output;
    return difference(await oracle.download(reached), target);
  });
}
