import { messageOf } from '../../core/errors/message.js';
import { stat } from 'node:fs/promises';
import { LocopropError } from '../../core/errors/error.js';
import { decodeSafetensors } from '../safetensors/decode.js';
import { CHECKPOINT_FORMAT, decodeCheckpoint } from './checkpoint-format.js';
import type { DamagedCheckpoint } from './checkpoints.js';
import { readFailed } from './failure.js';
import { readBytes } from './files.js';
import { type LayerTensors, layersOf } from './layer-tensors.js';
import { readRun } from './stored-run.js';

export interface LayerShape {
  readonly inputs: number;
  readonly units: number;
}

export interface InitialWeights {
  /** First layer first: weights [inputs, units] and bias [1, units]. */
  readonly layers: readonly Pick<LayerTensors, 'weights' | 'bias'>[];
  /** The file they are from. */
  readonly file: string;
  /** Newer checkpoints of the run that could not be used. */
  readonly damaged: readonly DamagedCheckpoint[];
}

/**
 * The weights that a network starts from, of a run (its newest whole checkpoint) or of a
 * safetensors file with tensors `layers.<i>.weights` and `layers.<i>.bias`.
 *
 * @param path a run's folder or a file
 * @param shapes of the network's layers
 * @throws STORE_WEIGHTS_MISMATCH when they are not a network of these shapes; what reading a run or
 *   a safetensors file throws
 */
export async function readInitialWeights(
  path: string,
  shapes: readonly LayerShape[],
): Promise<InitialWeights> {
  const { layers, file, damaged } = (await isFolder(path)) ? await fromRun(path) : await fromFile(path);
  if (layers.length !== shapes.length) {
    throw mismatch(file, `they are of ${layers.length} layers, the network has ${shapes.length}`);
  }
  for (const [i, { inputs, units }] of shapes.entries()) {
    const { rows, columns } = layers[i]?.weights ?? { rows: 0, columns: 0 };
    if (rows !== inputs || columns !== units) {
      throw mismatch(
        file,
        `layer ${i} has weights [${rows}, ${columns}], the network has [${inputs}, ${units}]`,
      );
    }
  }
  return { layers: layers.map(({ weights, bias }) => ({ weights, bias })), file, damaged };
}

const mismatch = (file: string, reason: string, cause?: unknown): LocopropError =>
  new LocopropError('STORE_WEIGHTS_MISMATCH', { file, reason }, { cause });

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw readFailed(path, cause);
  }
}

async function fromRun(directory: string): Promise<InitialWeights> {
  const run = await readRun(directory);
  const { state, file, damaged } = await run.loadCheckpoint('latest');
  return { layers: state.layers, file: `${directory}/${file}`, damaged };
}

async function fromFile(file: string): Promise<InitialWeights> {
  const bytes = await readBytes(file);
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  // A checkpoint has a digest to be checked; a file of another program has none.
  if (metadata.format === CHECKPOINT_FORMAT) {
    return { layers: (await decodeCheckpoint(bytes, file)).layers, file, damaged: [] };
  }
  try {
    return { layers: layersOf(tensors), file, damaged: [] };
  } catch (cause) {
    throw mismatch(file, messageOf(cause), cause);
  }
}
