import type { Backend, BackendOptions } from '../backend.js';
import type { EngineInfo } from '../engine.js';
import { GraphBackend } from '../graph/graph-backend.js';
import { EagerBackend } from './eager-backend.js';
import { threadsOf } from './environment.js';
import { startRuntime, type RuntimeChoice } from './runtimes.js';

/**
 * TensorFlow.js: graphs where its runtime has them, else operations one by one.
 * @param choices what it may run on, best first
 */
export async function createBackend(
  { threads }: BackendOptions,
  choices?: readonly RuntimeChoice[],
): Promise<Backend> {
  const { tf, folds, loadGraph, ...own } = await startRuntime(threadsOf(threads), choices);
  const info: EngineInfo = { name: 'tfjs', precision: 'float32', ...own };
  if (!loadGraph) return new EagerBackend(info, { tf, folds });
  const { TensorFlow } = await import('./graph/tensorflow.js');
  return new GraphBackend(new TensorFlow(info, tf, loadGraph));
}
