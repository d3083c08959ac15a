import { createRequire } from 'node:module';
import util from 'node:util';
import { messageOf } from '../../core/errors/message.js';
import type { EngineInfo } from '../engine.js';
import { nvidiaGpu } from '../nvidia/gpu.js';
import type { TfGraph, Tfjs } from './library.js';

/** TensorFlow.js and what it computes with. */
export interface Runtime extends Omit<EngineInfo, 'name' | 'precision'> {
  readonly tf: Tfjs;
  /** Whether products take transposed arguments, and matrices as vectors, as well as others; see `planProgram`. */
  readonly folds: boolean;
  /** Loads a graph from the folder of a SavedModel; where there is none, operations are carried out one by one. */
  readonly loadGraph?: (folder: string) => Promise<TfGraph>;
}

export interface RuntimeChoice {
  /** Packages, all of which it needs; the first is TensorFlow.js itself. */
  readonly packages: readonly [string, ...string[]];
  readonly start: (tf: unknown, threads: number) => Runtime | Promise<Runtime>;
}

/** Node's loader of CommonJS, which every package of TensorFlow.js is. It looks into NODE_PATH too. */
export type Require = Pick<NodeJS.Require, 'resolve'> & ((name: string) => unknown);

interface NodePackage extends Tfjs {
  readonly node: { readonly loadSavedModel: (folder: string) => Promise<TfGraph> };
  readonly version: Readonly<Record<string, string>>;
  readonly backend: () => {
    readonly isUsingGpuDevice: boolean;
    readonly binding: { readonly TF_Version: string };
  };
}

/** @tensorflow/tfjs-node or tfjs-node-gpu. */
function startNative(loaded: unknown, threads: number): Runtime {
  const tf = loaded as NodePackage;
  const { isUsingGpuDevice, binding } = tf.backend();
  const versions = `TensorFlow.js ${tf.version['tfjs-core']} with TensorFlow ${binding.TF_Version}`;
  if (isUsingGpuDevice) return { tf, ...nvidiaGpu(`${versions} on a GPU`), threads, folds: true };
  // A graph takes and gives matrices in the memory of the process: on a GPU, each call would copy them all.
  const loadGraph = (folder: string): Promise<TfGraph> => tf.node.loadSavedModel(folder);
  return { tf, description: `${versions} on the CPU`, threads, folds: true, loadGraph };
}

const startPlain =
  (backend: string, name: string, folds: boolean) =>
  async (loaded: unknown): Promise<Runtime> => {
    const tf = loaded as Tfjs & { readonly version_core: string };
    // It would advise to install something else, on standard error, as the remark does too.
    tf.enableProdMode();
    if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no working backend "${backend}"`);
    const description = `TensorFlow.js ${tf.version_core} in ${name}, slow`;
    const remark = `The engine tfjs runs in ${name}, which is slow: install @tensorflow/tfjs-node or @tensorflow/tfjs-node-gpu, or use the engine onnx.`;
    return { tf, description, threads: 1, folds, remark };
  };

/** What TensorFlow.js can compute with, best first. */
export const runtimes = {
  gpu: { packages: ['@tensorflow/tfjs-node-gpu'], start: startNative },
  node: { packages: ['@tensorflow/tfjs-node'], start: startNative },
  // Its products are slower where an argument is transposed; and it keeps what it has prepared for a second
  // argument by the memory of that, so it takes a matrix that it has met as a vector for one ever after.
  wasm: {
    packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'],
    start: startPlain('wasm', 'WebAssembly', false),
  },
  cpu: {
    packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'],
    start: startPlain('cpu', 'plain JavaScript', true),
  },
} as const satisfies Record<string, RuntimeChoice>;

const isInstalled = (require: Require, name: string): boolean => {
  try {
    require.resolve(name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return false;
    throw error;
  }
};

/**
 * Starts the first of the choices whose packages are installed.
 * @throws Error that says what to install, or why what is installed does not work
 */
export async function startRuntime(
  threads: number,
  choices: readonly RuntimeChoice[] = Object.values(runtimes),
  require: Require = createRequire(import.meta.url),
): Promise<Runtime> {
  const choice = choices.find(({ packages }) => packages.every((name) => isInstalled(require, name)));
  if (!choice) {
    const wanted = choices.map(({ packages }) => packages.join(' with '));
    throw new Error(`no TensorFlow.js is installed; install one of, best first: ${wanted.join(', ')}`);
  }
  restoreIsNullOrUndefined();
  try {
    const [tf] = choice.packages.map((name) => require(name));
    return await choice.start(tf, threads);
  } catch (error) {
    const names = choice.packages.join(' and ');
    throw new Error(`${names} is installed but does not work: ${messageOf(error)}`, { cause: error });
  }
}

/** Node 23 has dropped what tfjs-node reads as it is loaded. */
function restoreIsNullOrUndefined(): void {
  const old = util as { isNullOrUndefined?: (value: unknown) => boolean };
  old.isNullOrUndefined ??= (value) => value === null || value === undefined;
}
