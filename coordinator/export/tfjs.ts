import type { TrainedNetwork } from '../../core/trained-network.js';
import { networkInFloat32 } from './float32.js';
import { describeNetwork, type ExportedFile, type Exporter } from './format.js';
import { kerasTopology, layerName } from './keras-topology.js';

/** TensorFlow.js cuts weights so that browsers cache each file. */
const SHARD_BYTES = 4 * 2 ** 20;

/** A tfjs LayersModel: the weights in shards, and model.json for `tf.loadLayersModel`. */
export const tfjsFiles: Exporter = (network) => {
  const modelTopology = kerasTopology(network);
  const parameters = namedParameters(networkInFloat32(network));
  const shards = shardsOf(parameters.map(({ data }) => data));
  const files = shards.map((chunks, index): ExportedFile => ({
    name: `group1-shard${index + 1}of${shards.length}.bin`,
    chunks,
  }));
  const model = {
    format: 'layers-model',
    generatedBy: 'locoprop',
    convertedBy: null,
    modelTopology,
    weightsManifest: [
      {
        paths: files.map(({ name }) => name),
        weights: parameters.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
      },
    ],
    userDefinedMetadata: describeNetwork(network),
  };
  return [...files, { name: 'model.json', chunks: [new TextEncoder().encode(JSON.stringify(model))] }];
};

interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The parameters in the order of the shards, under Keras' names. */
const namedParameters = ({ layers }: TrainedNetwork<Float32Array>): Parameter[] =>
  layers.flatMap(({ weights, bias }, index) => [
    { name: `${layerName(index)}/kernel`, shape: [weights.rows, weights.columns], data: weights.data },
    { name: `${layerName(index)}/bias`, shape: [bias.columns], data: bias.data },
  ]);

/** The bytes of all arrays one behind the other, cut every `SHARD_BYTES`; each shard as a list of views. */
function shardsOf(arrays: readonly Float32Array[]): Uint8Array[][] {
  const shards: Uint8Array[][] = [];
  let room = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    for (let begin = 0; begin < byteLength;) {
      if (room === 0) {
        shards.push([]);
        room = SHARD_BYTES;
      }
      const length = Math.min(room, byteLength - begin);
      shards.at(-1)!.push(new Uint8Array(buffer, byteOffset + begin, length));
      begin += length;
      room -= length;
    }
  }
  return shards;
}
