import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Where onnxruntime-node is installed. */
export const runtimeFolder = (): string =>
  dirname(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')));

/** Where ONNX Runtime looks for its CUDA provider, which is too large for its npm package. */
export const cudaLibrary = (folder = runtimeFolder()): string =>
  join(folder, 'bin', 'napi-v6', process.platform, process.arch, 'libonnxruntime_providers_cuda.so');
