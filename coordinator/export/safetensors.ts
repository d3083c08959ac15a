import { encodeSafetensors } from '../../services/safetensors/encode.js';
import { tensorsOf } from '../../services/store/layer-tensors.js';
import { describeNetwork, type Exporter } from './format.js';

/** Weights and biases under the names that `initialWeights` of a spec reads. */
export const safetensorsFiles: Exporter = (network) => {
  const layers = network.layers.map(({ weights, bias }) => ({
    weights,
    bias,
    weightSlots: {},
    biasSlots: {},
  }));
  const metadata = { format: 'locoprop-network', ...describeNetwork(network) };
  return [{ name: 'model.safetensors', chunks: encodeSafetensors(tensorsOf(layers), metadata) }];
};
