import { inFloat32, type Matrix } from '../core/matrix.js';
import type { Engine, Tensor } from '../engine/engine.js';
import type { LayerTensors, ParameterTensors } from '../engine/layer-tensors.js';
import { addDifferences, differencesOf } from '../services/rpc/bfloat16.js';
import type { ElementType } from '../services/rpc/messages.js';

/** Weights and bias as they are sent. */
export interface SentParameters {
  readonly weights: Matrix<Float32Array>;
  readonly bias: Matrix<Float32Array>;
  /** As values, or as differences of 16 bits. */
  readonly type: ElementType;
}

/** A new state and what the coordinator is told of it, which say the same to the bit. */
export interface Agreed {
  readonly state: LayerTensors;
  readonly sent: SentParameters;
}

/**
 * What both ends will hold after a solve: numbers of 32 bits; where differences of 16 bits are sent, the
 * old parameters with those added. Takes `solved` over, whose tensors are released where others replace
 * them.
 */
export async function agree(
  engine: Engine,
  before: ParameterTensors,
  solved: LayerTensors,
  type: ElementType,
): Promise<Agreed> {
  const [weights, bias] =
    type === 'ELEMENT_TYPE_BF16'
      ? [
          await agreeOnDifference(engine, before.weights, solved.weights),
          await agreeOnDifference(engine, before.bias, solved.bias),
        ]
      : [await agreeOnValue(engine, solved.weights), await agreeOnValue(engine, solved.bias)];
  return {
    state: {
      weights: weights.tensor,
      bias: bias.tensor,
      weightSlots: await roundedAll(engine, solved.weightSlots),
      biasSlots: await roundedAll(engine, solved.biasSlots),
      updates: solved.updates,
    },
    sent: { weights: weights.sent, bias: bias.sent, type },
  };
}

interface AgreedTensor {
  readonly tensor: Tensor;
  readonly sent: Matrix<Float32Array>;
}

async function agreeOnDifference(engine: Engine, before: Tensor, after: Tensor): Promise<AgreedTensor> {
  const old = await downloadFloat32(engine, before);
  const sent = await differencesOf(await downloadFloat32(engine, after), old);
  return { tensor: await replace(engine, after, await addDifferences(old, sent)), sent };
}

async function agreeOnValue(engine: Engine, tensor: Tensor): Promise<AgreedTensor> {
  const sent = await downloadFloat32(engine, tensor);
  if (engine.info.precision === 'float32') return { tensor, sent };
  // An upload takes its matrix over.
  return { tensor: await replace(engine, tensor, { ...sent, data: sent.data.slice() }), sent };
}

async function roundedAll(
  engine: Engine,
  slots: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, Tensor>>> {
  if (engine.info.precision === 'float32') return slots;
  const rounded: Record<string, Tensor> = {};
  for (const [slot, tensor] of Object.entries(slots)) {
    rounded[slot] = await replace(engine, tensor, await downloadFloat32(engine, tensor));
  }
  return rounded;
}

async function replace(engine: Engine, old: Tensor, matrix: Matrix): Promise<Tensor> {
  engine.release([old]);
  return engine.upload(matrix);
}

/** A copy of a tensor's values in 32 bits. */
export async function downloadFloat32(engine: Engine, tensor: Tensor): Promise<Matrix<Float32Array>> {
  return inFloat32(await engine.download(tensor));
}
