import { engineNames, type EngineName } from '../core/engine-names.js';
import { LocopropError } from '../core/errors/error.js';
import { startFastest } from './auto.js';
import { cpuLimit } from './cpu-limit.js';
import { findDevices, likelyEngines } from './devices.js';
import type { Engine } from './engine.js';
import { limitTf32 } from './nvidia/tf32.js';
import { cudaLibrary } from './onnx/cuda-library.js';
import { disableTelemetry } from './onnx/telemetry.js';
import { selfCheck } from './self-check.js';
import { measureSpeed } from './speed.js';
import { prepareTensorFlow } from './tfjs/environment.js';
import { startThreadedEngine, type StartedEngine } from './thread/threaded-engine.js';

export { engineNames };

/** Modules that make a backend. */
const modules: Readonly<Record<EngineName, string>> = {
  onnx: './onnx/cpu.js',
  'onnx-cuda': './onnx/cuda.js',
  'onnx-webgpu': './onnx/webgpu.js',
  tfjs: './tfjs/backend.js',
  reference: './reference/backend.js',
};

interface StartOptions {
  /** Whether other processes of this machine compute at the same time. */
  readonly sharesProcessors?: boolean;
}

/**
 * Starts an engine.
 * @param name one of `engineNames`, or auto for the fastest that works here
 * @param threads null for as many as the machine or container allows
 * @throws LocopropError ENGINE_UNAVAILABLE
 */
export async function startEngine(
  name: string,
  threads: number | null = null,
  { sharesProcessors = false }: StartOptions = {},
): Promise<Engine> {
  const start = (engine: string): Promise<StartedEngine> =>
    startNamed(engine, { threads: threads ?? cpuLimit(), sharesProcessors });
  if (name !== 'auto') return start(name);
  const candidates = likelyEngines(findDevices(cudaLibrary()));
  const { engine, reason } = await startFastest<StartedEngine>(candidates, {
    start,
    check: checkEngine,
    measure: measureSpeed,
    remark: tell,
  });
  if (reason !== null) engine.explain(reason);
  return engine;
}

/** What an engine computes wrongly, or null; takes about a second. @throws LocopropError ENGINE_… */
export async function checkEngine(engine: Engine): Promise<string | null> {
  const oracle = await startEngine('reference', 1);
  try {
    return await selfCheck(engine, oracle);
  } finally {
    await oracle.close();
  }
}

const isKnown = (name: string): name is EngineName => name in modules;

async function startNamed(
  name: string,
  options: { readonly threads: number; readonly sharesProcessors: boolean },
): Promise<StartedEngine> {
  if (!isKnown(name)) {
    const reason = `there is no such engine; known are ${engineNames.join(', ')}`;
    throw new LocopropError('ENGINE_UNAVAILABLE', { engine: name, reason });
  }
  if (name.startsWith('onnx')) disableTelemetry();
  if (name === 'onnx-cuda' || name === 'tfjs') limitTf32();
  if (name === 'tfjs') prepareTensorFlow(options.threads);
  const module = new URL(modules[name], import.meta.url).href;
  const engine = await startThreadedEngine(name, { module, ...options });
  tell(engine.info.remark);
  return engine;
}

const told = new Set<string>();

/** Tells the user of this process what an engine has to remark, once, as Node tells its own warnings. */
function tell(remark: string | undefined): void {
  if (remark === undefined || told.has(remark)) return;
  told.add(remark);
  process.emitWarning(remark, { code: 'LOCOPROP_ENGINE' });
}
