import { fileURLToPath } from 'node:url';
import { LocopropError } from '../core/errors/error.js';
import type { Parts } from '../core/parts/registry.js';
import type { JobSpec, LocalSpec } from '../core/spec/job-spec.js';
import type { Override } from '../core/spec/overrides.js';
import { readJob } from '../services/configuration/job-file.js';

/** The paper's benchmark; what is measured is a variation of it. */
const exampleFile = fileURLToPath(new URL('../../examples/mnist-autoencoder.yaml', import.meta.url));

export interface Autoencoder {
  readonly spec: JobSpec;
  readonly parts: Parts;
  /** Of the input and of each layer. */
  readonly widths: readonly number[];
}

export interface AutoencoderChoice {
  /** null for the paper's. */
  readonly widths: readonly number[] | null;
  readonly batch: number;
  readonly iterations: number;
  /** matching is LocoProp-M, squared LocoProp-S. */
  readonly localLoss?: 'matching' | 'squared';
  readonly form?: LocalSpec['form'];
  readonly optimizer?: 'rmsprop' | 'sgd';
  /** How matrices travel to workers. */
  readonly wire?: JobSpec['cluster']['wire'];
}

/** The job of the paper's autoencoder with these changes, at a constant learning rate. */
export async function autoencoder({
  widths,
  batch,
  iterations,
  localLoss = 'matching',
  form = 'auto',
  optimizer = 'rmsprop',
  wire = 'f32',
}: AutoencoderChoice): Promise<Autoencoder> {
  const overrides: Override[] = [
    { path: ['training', 'batchSize'], value: batch },
    // The notebook's schedule changes no weight in its first epoch.
    { path: ['training', 'schedule'], value: 'constant' },
    { path: ['local', 'iterations'], value: iterations },
    { path: ['local', 'loss'], value: localLoss },
    { path: ['local', 'form'], value: form },
    { path: ['cluster', 'wire'], value: wire },
  ];
  if (optimizer === 'sgd') {
    overrides.push({ path: ['local', 'optimizer'], value: { name: 'sgd', learningRate: 1e-5 } });
  }
  if (widths) overrides.push({ path: ['network', 'layers'], value: layersOf(widths) });
  const { spec, parts } = await readJob(exampleFile, overrides);
  const units = spec.network.layers.map((layer) => layer.units);
  return { spec, parts, widths: [units.at(-1)!, ...units] };
}

/** tanh, the identity at a code that is narrower than the input, and sigmoid outputs. */
function layersOf(widths: readonly number[]): object[] {
  const hidden = widths.slice(1, -1);
  const narrowest = hidden.indexOf(Math.min(...hidden));
  const code = hidden[narrowest]! < widths[0]! ? narrowest : -1;
  return [
    ...hidden.map((units, layer) => ({ units, transfer: layer === code ? 'identity' : 'tanh' })),
    { units: widths.at(-1)!, transfer: 'sigmoid' },
  ];
}

/**
 * `784-1000-784` as numbers.
 * @throws LocopropError CLI_USAGE
 */
export function parseWidths(text: string): number[] {
  const widths = text.split('-').map(Number);
  const sound = widths.every((width) => Number.isSafeInteger(width) && width > 0);
  if (!sound || widths.length < 3 || widths[0] !== widths.at(-1)) {
    const reason = `An autoencoder is given by its widths, such as 784-1000-784, not by "${text}".`;
    throw new LocopropError('CLI_USAGE', { reason });
  }
  return widths;
}
