import { LocopropError } from '../../core/errors/error.js';
import { transferFunctions } from '../../core/parts/transfer.js';
import type { TrainedLayer, TrainedNetwork } from '../../core/trained-network.js';

/** A layer in Keras' JSON. */
interface KerasLayer {
  readonly class_name: 'Dense' | 'LeakyReLU';
  readonly config: Readonly<Record<string, unknown>>;
}

/** Keras' names of the transfer functions that a Dense layer applies itself. */
const activations: Readonly<Record<string, string>> = {
  identity: 'linear',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  relu: 'relu',
  elu: 'elu',
  softplus: 'softplus',
  softmax: 'softmax',
};

export const layerName = (index: number): string => `layers.${index}`;

/**
 * A network as the JSON of a Keras Sequential model.
 *
 * @throws LocopropError EXPORT_UNSUPPORTED for a transfer function that Keras does not have
 */
export const kerasTopology = ({ name, layers }: TrainedNetwork): Readonly<Record<string, unknown>> => ({
  class_name: 'Sequential',
  config: { name, layers: layers.flatMap((layer, index) => kerasLayers(layer, index)) },
});

function kerasLayers({ transfer: { part, h }, weights }: TrainedLayer, index: number): KerasLayer[] {
  const name = layerName(index);
  const dense = (activation: string): KerasLayer => ({
    class_name: 'Dense',
    config: {
      name,
      trainable: true,
      dtype: 'float32',
      ...(index === 0 && { batch_input_shape: [null, weights.rows] }),
      units: weights.columns,
      activation,
      use_bias: true,
    },
  });
  // A plugin's function may have the name of a built-in one.
  const builtIn = transferFunctions.includes(part);
  if (builtIn && part.name === 'leaky_relu') {
    const config = { name: `${name}.leaky_relu`, trainable: true, dtype: 'float32', alpha: h['slope'] };
    return [dense('linear'), { class_name: 'LeakyReLU', config }];
  }
  const activation = builtIn ? activations[part.name] : undefined;
  if (activation === undefined) {
    throw new LocopropError('EXPORT_UNSUPPORTED', {
      format: 'tfjs',
      reason: `the transfer function ${part.name} of ${name} is not one of Keras`,
      alternatives: 'onnx, which holds any transfer function, or safetensors, which holds the weights',
    });
  }
  return [dense(activation)];
}
