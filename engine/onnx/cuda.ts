import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { messageOf } from '../../core/errors/message.js';
import type { Backend } from '../backend.js';
import { nvidiaGpu } from '../nvidia/gpu.js';
import { OnnxBackend } from './backend.js';
import { openCopier, type Copier } from './copier.js';
import { cudaLibrary, runtimeFolder } from './cuda-library.js';
import { STANDARD_FORM } from './form.js';
import { HostMemory } from './host-memory.js';

const session: ort.InferenceSession.SessionOptions = {
  executionProviders: ['cuda', 'cpu'],
  executionMode: 'sequential',
  // Next to nothing is computed on the processors: threads for that would be as many as they are, for each session.
  intraOpNumThreads: 1,
  logSeverityLevel: 3,
};

/** ONNX Runtime on an NVIDIA GPU: the first of CUDA_VISIBLE_DEVICES. */
export async function createBackend(): Promise<Backend> {
  const copier = await startCuda();
  const runtime = `ONNX Runtime ${ort.env.versions.node ?? ''}`;
  return new OnnxBackend({
    info: {
      name: 'onnx-cuda',
      precision: 'float32',
      threads: 1,
      ...nvidiaGpu(`${runtime} on CUDA`),
    },
    // The Node binding returns what CUDA computes in the memory of the process only.
    memory: new HostMemory(),
    session: () => session,
    form: STANDARD_FORM,
    probe: async () => {
      await copier.run(new ort.Tensor('float32', Float32Array.of(1), [1, 1]));
    },
  });
}

/** @throws Error that says what is missing */
async function startCuda(): Promise<Copier> {
  const library = cudaLibrary();
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('ONNX Runtime has a CUDA provider for Node on Linux x64 only');
  if (!existsSync(library)) {
    const script = join(runtimeFolder(), 'script', 'install.js');
    throw new Error(
      `${library} is missing. With access to NuGet, ONNXRUNTIME_NODE_INSTALL=cuda12 node ${script} ` +
        'fetches it; docs/gpu.md has other ways, and what else it needs',
    );
  }
  try {
    return await openCopier((model) => ort.InferenceSession.create(model, session));
  } catch (error) {
    throw new Error(`CUDA 12 with cuDNN 9 and a GPU are needed: ${messageOf(error)}`, { cause: error });
  }
}
