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
  const runtime = await startRuntime(threadsOf(threads), choices);
  const { tf, description, loadGraph, remark } = runtime;
  const info: EngineInfo = {
    name: 'tfjs',
    precision: 'float32',
    threads: runtime.threads,
    description,
    ...(remark && { remark }),
  };
  if (!loadGraph) return new EagerBackend(info, runtime);
  const { TensorFlow } = await import('./graph/tensorflow.js');
  return new GraphBackend(new TensorFlow(info, tf, loadGraph));
}
