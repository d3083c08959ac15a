import { join } from 'node:path';
import type { DataSource } from '../core/dataset.js';
import { LocopropError } from '../core/errors/error.js';
import type { Parts } from '../core/parts/registry.js';
import type { JobSpec } from '../core/spec/job-spec.js';
import type { LayerState } from '../core/state.js';
import type { TrainedNetwork } from '../core/trained-network.js';
import type { NetworkRule } from '../engine/sweep.js';
import { readJob } from '../services/configuration/job-file.js';
import { readRun, SPEC_FILE, type StoredRun } from '../services/store/stored-run.js';
import { buildNetwork } from './network.js';

export const whichCheckpoints = ['latest', 'best'] as const;
export type WhichCheckpoint = (typeof whichCheckpoints)[number];

/** The network of a run, with the weights of one of its checkpoints. */
export interface TrainedRun {
  readonly spec: JobSpec;
  readonly parts: Parts;
  readonly network: NetworkRule;
  /** First layer first. */
  readonly layers: readonly LayerState[];
  /** Path of the checkpoint. */
  readonly file: string;
  /** Steps committed before it. */
  readonly step: number;
}

export interface OpenTrainedRunOptions {
  readonly checkpoint: WhichCheckpoint;
  /** A data source, not checked yet, to take the place of the spec's test data. */
  readonly data?: unknown;
  /** Where its relative paths start; those of a run's own spec are absolute. */
  readonly directory?: string;
}

/**
 * Reads a run to use its network; nothing of the run is changed, also while another process trains it.
 *
 * @throws LocopropError STORE_…, SPEC_…, PLUGIN_FAILED
 */
export async function openTrainedRun(
  directory: string,
  { checkpoint, data, directory: start }: OpenTrainedRunOptions,
): Promise<TrainedRun> {
  const run = await readRun(directory);
  const overrides = data === undefined ? [] : [{ path: ['data', 'test'], value: data }];
  const { spec, parts } = await readJob(join(run.location, SPEC_FILE), overrides, start);
  return loadTrained(run, spec, parts, checkpoint);
}

/** Does the same where the spec is known. @throws LocopropError STORE_… */
export async function loadTrained(
  run: StoredRun,
  spec: JobSpec,
  parts: Parts,
  checkpoint: WhichCheckpoint,
): Promise<TrainedRun> {
  const { state, file } = await run.loadCheckpoint(checkpoint);
  const path = join(run.location, file);
  const network = networkOf(spec, parts, state.layers, path);
  return { spec, parts, network, layers: state.layers, file: path, step: state.position.step };
}

/** The network of a run as files for other programs have it. */
export const toExport = ({ spec, network, layers }: TrainedRun): TrainedNetwork => ({
  name: spec.name,
  layers: network.layers.map(({ transfer }, layer) => {
    const { weights, bias } = layers[layer]!;
    return { transfer, weights, bias };
  }),
});

/** The data source that `OpenTrainedRunOptions.data` became. */
export const sourceOf = ({ spec }: TrainedRun): DataSource => spec.data.test!;

/** The network of the spec, refused where the checkpoint is of another one. */
function networkOf(spec: JobSpec, parts: Parts, states: readonly LayerState[], file: string): NetworkRule {
  const mismatch = (reason: string): LocopropError =>
    new LocopropError('STORE_WEIGHTS_MISMATCH', { file, reason });
  const { length } = spec.network.layers;
  if (states.length !== length) {
    throw mismatch(`it has ${states.length} layers, ${SPEC_FILE} beside it has ${length}`);
  }
  const network = buildNetwork(spec, parts, states[0]!.weights.rows);
  for (const [layer, { inputs, units }] of network.layers.entries()) {
    const { rows, columns } = states[layer]!.weights;
    if (rows !== inputs || columns !== units) {
      throw mismatch(
        `layer ${layer + 1} has ${rows} × ${columns} weights; the spec says ${inputs} × ${units}`,
      );
    }
  }
  return network;
}
