import { LocopropError } from '../core/errors/error.js';
import { cpuLimit } from './cpu-limit.js';
import type { Engine } from './engine.js';
import { startThreadedEngine } from './thread/threaded-engine.js';

/** Modules that make a backend, by engine name, best first. */
const modules: Readonly<Record<string, string>> = {
  onnx: './onnx/backend.js',
  reference: './reference/backend.js',
};

export const engineNames = Object.keys(modules);

/**
 * Starts an engine.
 * @param name one of `engineNames`, or auto for the fastest that works here
 * @param threads null for as many as the machine or container allows
 * @throws LocopropError ENGINE_UNAVAILABLE
 */
export async function startEngine(name: string, threads: number | null = null): Promise<Engine> {
  const chosen = name === 'auto' ? 'onnx' : name;
  const path = modules[chosen];
  if (path === undefined) {
    const reason = `there is no such engine; known are ${engineNames.join(', ')}`;
    throw new LocopropError('ENGINE_UNAVAILABLE', { engine: name, reason });
  }
  const module = new URL(path, import.meta.url).href;
  return startThreadedEngine(chosen, { module, threads: threads ?? cpuLimit() });
}
