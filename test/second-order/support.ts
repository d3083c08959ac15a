import type { LayerRule } from '#core/layer.js';
import type { Matrix } from '#core/matrix.js';
import type { SecondOrderMethod } from '#core/second-order/method.js';
import type { LayerState } from '#core/state.js';
import type { Engine } from '#engine/engine.js';
import { downloadLayer, layerTensors, uploadLayer } from '#engine/layer-tensors.js';
import { finishStep, prepareStep } from '#engine/second-order.js';
import { copyOf, randomMatrix, randomState, ruleOf, type RuleChoice } from '../engine/support.js';

const SEED = 21;

/** A batch as a layer meets it. */
export interface LayerBatch {
  readonly inputs: Matrix; // X [examples, inputs]
  readonly displacement: Matrix; // D [examples, units], 1/examples included
}

const inSinglePrecision = (matrix: Matrix): Matrix => ({ ...matrix, data: Float32Array.from(matrix.data) });

/** Batches of a layer of 4 inputs and 3 units, in numbers that every engine has. */
export const layerBatches = (count: number, examples = 10, sizes = { inputs: 4, units: 3 }): LayerBatch[] =>
  Array.from({ length: count }, (_, step) => ({
    inputs: inSinglePrecision(randomMatrix(SEED, `x ${step}`, examples, sizes.inputs)),
    displacement: inSinglePrecision(
      randomMatrix(SEED, `d ${step}`, examples, sizes.units, (step + 1) / examples),
    ),
  }));

export function layerWith(
  secondOrder: SecondOrderMethod,
  choice: Partial<RuleChoice> = {},
): { readonly rule: LayerRule; readonly state: LayerState } {
  const rule = { ...ruleOf({ inputs: 4, units: 3, ...choice }), secondOrder };
  const state = randomState(SEED, rule);
  const [weights, bias] = [inSinglePrecision(state.weights), inSinglePrecision(state.bias)];
  return { rule, state: { ...state, weights, bias } };
}

export interface LayerStep {
  readonly alignment: number;
  readonly direction: Readonly<Record<string, Matrix>>;
  readonly state: LayerState;
}

/** The steps of one layer on an engine, all with the scale 1. */
export async function runSteps(
  engine: Engine,
  rule: LayerRule,
  start: LayerState,
  batches: readonly LayerBatch[],
  rate: number,
): Promise<LayerStep[]> {
  const method = rule.secondOrder!;
  const steps: LayerStep[] = [];
  let state = structuredClone(start);
  for (const { inputs, displacement } of batches) {
    const before = await uploadLayer(engine, structuredClone(state));
    const problem = {
      inputs: await engine.upload(copyOf(inputs)),
      displacement: await engine.upload(copyOf(displacement)),
    };
    const prepared = await prepareStep(engine, rule, method, problem, before);
    const direction: Record<string, Matrix> = {};
    for (const [name, tensor] of Object.entries(prepared.direction)) {
      direction[name] = await engine.download(tensor);
    }
    const after = await finishStep(engine, method, prepared, before, { scale: 1, rate });
    state = await downloadLayer(engine, after.state);
    engine.release(
      new Set([...Object.values(problem), ...layerTensors(before), ...layerTensors(after.state)]),
    );
    steps.push({ alignment: prepared.alignment, direction, state });
  }
  return steps;
}

/** Both engines and how close they come to float64 computed in another way, relative to the largest entry. */
export const precisions = [
  { name: 'reference', error: 1e-9 },
  { name: 'onnx', error: 1e-4 },
] as const;
