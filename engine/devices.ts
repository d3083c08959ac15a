import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineName } from '../core/engine-names.js';

/** What there is of GPUs, without asking any driver. */
export interface Devices {
  /** Some GPU. */
  readonly gpu: boolean;
  /** One of NVIDIA, and ONNX Runtime's provider for it. */
  readonly cuda: boolean;
}

/** The engines that are worth a try: the processors are always there. */
export const likelyEngines = ({ gpu, cuda }: Devices): EngineName[] => [
  'onnx',
  ...(cuda ? (['onnx-cuda'] as const) : []),
  ...(gpu ? (['onnx-webgpu'] as const) : []),
];

/** NVIDIA's driver, and the GPU of Windows in its Linux. */
const NVIDIA = ['nvidiactl', 'dxg'];
/** In the folder itself or in that of the Direct Rendering Manager. */
const RENDERER = /^renderD\d+$/;

const namesIn = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : []);

/**
 * On Linux, a GPU that can be used has a device file here. Other systems have a GPU as a rule.
 * @param cudaLibrary where the CUDA provider would be
 */
export function findDevices(
  cudaLibrary: string,
  { platform = process.platform, directory = '/dev' }: { platform?: string; directory?: string } = {},
): Devices {
  if (platform !== 'linux') return { gpu: true, cuda: false };
  const names = [...namesIn(directory), ...namesIn(join(directory, 'dri'))];
  const nvidia = names.some((name) => NVIDIA.includes(name));
  return {
    gpu: nvidia || names.some((name) => RENDERER.test(name)),
    cuda: nvidia && existsSync(cudaLibrary),
  };
}
