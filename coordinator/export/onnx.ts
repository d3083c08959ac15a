import { LocopropError } from '../../core/errors/error.js';
import { networkModel } from '../../engine/onnx/network-model.js';
import type { TrainedNetwork } from '../../core/trained-network.js';
import { networkInFloat32 } from './float32.js';
import { describeNetwork, type Exporter } from './format.js';

/** A protobuf message has at most 2 GiB; 16 MiB of it are for all that is not a weight. */
const MAX_PARAMETER_BYTES = 2 ** 31 - 2 ** 24;

/** Any network as one file: transfer functions, also a plugin's, become nodes. */
export const onnxFiles: Exporter = (network) => {
  const bytes = parameterBytes(network);
  if (bytes > MAX_PARAMETER_BYTES) {
    throw new LocopropError('EXPORT_UNSUPPORTED', {
      format: 'onnx',
      reason: `its weights take ${bytes} bytes, and an ONNX file holds at most ${MAX_PARAMETER_BYTES}`,
      alternatives: 'tfjs, or safetensors, which holds any network',
    });
  }
  return [
    { name: 'model.onnx', chunks: [networkModel(networkInFloat32(network), describeNetwork(network))] },
  ];
};

const parameterBytes = ({ layers }: TrainedNetwork): number =>
  layers.reduce((total, { weights: { rows, columns } }) => total + 4 * (rows + 1) * columns, 0);
