import * as ort from 'onnxruntime-node';
import { messageOf } from '../../core/errors/message.js';
import type { Backend } from '../backend.js';
import type { EngineInfo } from '../engine.js';
import { OnnxBackend } from './backend.js';
import { DeviceMemory } from './device-memory.js';
import { WEBGPU_FORM } from './form.js';
import { loadedVulkanDrivers } from './vulkan-drivers.js';

/** Of every session of the engine. A graph with an operation that the GPU cannot do is refused. */
export const webgpuSession: ort.InferenceSession.SessionOptions = {
  executionProviders: ['webgpu'],
  executionMode: 'sequential',
  // Nothing is computed on the processors: threads for that would be as many as they are, for each session.
  intraOpNumThreads: 1,
  logSeverityLevel: 3,
  extra: { session: { disable_cpu_ep_fallback: '1' } },
};

/** ONNX Runtime on a GPU that Vulkan, Metal or Direct3D 12 drives. */
export async function createBackend(): Promise<Backend> {
  const memory = await openMemory();
  return new OnnxBackend({
    info: info(),
    memory,
    session: () => webgpuSession,
    form: WEBGPU_FORM,
    probe: () => memory.probe(),
  });
}

async function openMemory(): Promise<DeviceMemory> {
  try {
    return await DeviceMemory.open((model, options) =>
      ort.InferenceSession.create(model, { ...webgpuSession, ...options }),
    );
  } catch (error) {
    throw new Error(
      `ONNX Runtime found no GPU for WebGPU (${reasonOf(error)}); docs/gpu.md says what it needs`,
      {
        cause: error,
      },
    );
  }
}

/** The end of the runtime's message says what was wrong, what stands before it where in its source. */
const reasonOf = (error: unknown): string => {
  const [line = ''] = messageOf(error).split('\n');
  return line.split('was false. ').at(-1)!.trim();
};

/** After the device was made: its driver is loaded then. */
function info(): EngineInfo {
  const drivers = loadedVulkanDrivers();
  const software = drivers.length > 0 && drivers.every((driver) => driver.software);
  const driver = drivers.map(({ name }) => name).join(' or ') || platformDriver();
  const runtime = `ONNX Runtime ${ort.env.versions.node ?? ''}`;
  return {
    name: 'onnx-webgpu',
    precision: 'float32',
    threads: 1,
    description: `${runtime} on WebGPU, ${software ? 'in software by' : 'driven by'} ${driver}`,
    software,
  };
}

const platformDriver = (): string =>
  ({ darwin: 'Metal', win32: 'Direct3D 12' })[process.platform as string] ?? 'an unknown driver';
