import { inFloat32 } from '../../core/matrix.js';
import type { TrainedNetwork } from '../../core/trained-network.js';

/** The network with its parameters rounded to float32, where they are not in it already. */
export const networkInFloat32 = ({ name, layers }: TrainedNetwork): TrainedNetwork<Float32Array> => ({
  name,
  layers: layers.map(({ transfer, weights, bias }) => ({
    transfer,
    weights: inFloat32(weights),
    bias: inFloat32(bias),
  })),
});
