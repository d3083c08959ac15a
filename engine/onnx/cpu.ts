import type { Backend, BackendOptions } from '../backend.js';
import { ColumnParallelBackend } from './column-parallel.js';
import { HostMemory } from './host-memory.js';
import { processorBackend } from './processor-backend.js';

/** ONNX Runtime on the processors. */
export const createBackend = (options: BackendOptions): Backend =>
  options.threads > 1 ? new ColumnParallelBackend(options) : processorBackend(options, new HostMemory());
