import type { Dataset } from '../../core/dataset.js';
import type { JobSpec } from '../../core/spec/job-spec.js';
import type { Engine } from '../../engine/engine.js';
import { MAX_PCA_FEATURES, pcaTestError } from '../pca.js';

/** How well linear components reconstruct the test data, for comparison; or why that is not known. */
export type PcaBaseline =
  { readonly components: number; readonly testError: number } | { readonly skipped: string };

/** The PCA with as many components as an autoencoder's narrowest layer has units; null for other networks. */
export async function pcaBaseline(
  { data, network, evaluation }: JobSpec,
  engine: Engine,
  train: Dataset,
  test: Dataset | null,
): Promise<PcaBaseline | null> {
  if (data.targets !== 'inputs') return null;
  if (!test) return { skipped: 'there are no test data' };
  const components = Math.min(...network.layers.map(({ units }) => units));
  if (components >= train.features) {
    return { skipped: `the narrowest layer, ${components} units, is no narrower than the inputs` };
  }
  if (train.features > MAX_PCA_FEATURES) {
    return { skipped: `it is computed for up to ${MAX_PCA_FEATURES} inputs` };
  }
  const { testExamples } = evaluation;
  return { components, testError: await pcaTestError(engine, train, test, { components, testExamples }) };
}
