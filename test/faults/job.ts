import type { LayerState } from '#core/state.js';
import { readRun, type StoredRun } from '#services/store/stored-run.js';
import { createHash } from 'node:crypto';
import { start } from '../support/running.js';

/** How a job of the tests differs from the others. */
export interface JobChoice {
  readonly wire?: 'f32' | 'bf16';
  /** Null for the default of the spec, in place of a short one. */
  readonly leaseSeconds?: null;
  /** Ten steps each. */
  readonly epochs?: number;
}

export const STEPS_PER_EPOCH = 10;
export const CHECKPOINT_STEPS = 4;
export const DEFAULT_EPOCHS = 3;
export const FAULT_LEASE_SECONDS = 1;
/** That of a spec which says nothing. */
export const DEFAULT_LEASE_SECONDS = 5;

/** A job with a layer that is split, an optimizer with slots, and steps of about a tenth of a second. */
export const faultSpec = ({ wire = 'f32', leaseSeconds, epochs = DEFAULT_EPOCHS }: JobChoice): string => `
name: fault
seed: 5
data:
  train: { dataset: curves, examples: ${50 * STEPS_PER_EPOCH} }
  targets: inputs
network:
  layers:
    - { units: 200, transfer: tanh }
    - { units: 20, transfer: identity }
    - { units: 784, transfer: sigmoid }
  loss: sigmoid_cross_entropy
training: { batchSize: 50, epochs: ${epochs} }
local: { iterations: 20, optimizer: { name: rmsprop, learningRate: 1.0e-4 } }
cluster: { wire: ${wire}, leaseSeconds: ${leaseSeconds === null ? DEFAULT_LEASE_SECONDS : FAULT_LEASE_SECONDS} }
evaluation: { everyEpochs: 1000, trainExamples: 10 }
checkpoints: { everySteps: ${CHECKPOINT_STEPS}, everyEpochs: 1000, keep: 2 }
engine: { threads: 1 }
`;

/** What the run in a folder has come to. */
export const resultOf = async (directory: string): Promise<string> => digestOf(await readRun(directory));

/** A digest of all numbers that a run has come to, and of where it stands. */
export async function digestOf(run: StoredRun): Promise<string> {
  const { state } = await run.loadCheckpoint('latest');
  const hash = createHash('sha256').update(JSON.stringify(state.position));
  for (const layer of state.layers) updateWith(hash, layer);
  return hash.digest('hex');
}

function updateWith(
  hash: ReturnType<typeof createHash>,
  { weights, bias, weightSlots, biasSlots, updates }: LayerState,
): void {
  hash.update(String(updates));
  for (const { data } of [weights, bias, ...Object.values(weightSlots), ...Object.values(biasSlots)]) {
    hash.update(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }
}

/** What a job comes to where nothing happens: without workers where those change nothing. */
export async function undisturbed(spec: string, out: string, wire: 'f32' | 'bf16' = 'f32'): Promise<string> {
  const alone = wire === 'f32' ? [] : ['--listen', '127.0.0.1:0', '--solve-here'];
  const { code, stderr } = await start(['train', spec, '--out', out, ...alone]).waitForEnd(120_000);
  if (code !== 0) throw new Error(`the undisturbed run ended with ${code}: ${stderr}`);
  return resultOf(out);
}
