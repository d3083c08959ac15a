import * as ort from 'onnxruntime-node';
import type { BackendOptions } from '../backend.js';
import { OnnxBackend } from './backend.js';
import { processorForm, type GraphForm } from './form.js';
import type { HostMemory, HostTensor } from './host-memory.js';
import { steadyThreads } from './steady-threads.js';

/**
 * Keys of onnxruntime_session_options_config_keys.h, as nested objects. What they gave was measured on
 * two cores, on solves with K = 10 and B = 1000.
 */
const sessionConfig = (sharesProcessors: boolean) => ({
  session: {
    // An operation is shorter than it takes to wake a thread: a solve of 250×500 takes 38 ms with threads
    // that sleep in between, 34 ms with threads that spin. Where others want the processors, spinning takes
    // them from those who compute.
    intra_op: { allow_spinning: sharesProcessors ? '0' : '1' },
    // Every session has threads of its own: those of an idle one would keep the processors from the one
    // at work, a solve of 250×500 then takes 46 ms.
    force_spinning_stop: '1',
  },
  optimization: {
    // Xᵀ is formed once and is a plain operand then: the product that transposes its first operand is a
    // quarter slower. And an activation fused into a product runs on one thread only.
    disable_specified_optimizers: 'MatmulTransposeFusion;GemmActivationFusion',
  },
});

/**
 * Sessions that work on more entries than this, 256 MiB, take memory as they need it and give it back. Others keep an
 * arena, which saves page faults but grows to up to twice of what is asked for, and stays.
 */
const MOST_KEPT_ENTRIES = 2 ** 26;

/** ONNX Runtime on the processors, every operation shared among all threads. */
export const processorBackend = (
  { threads, sharesProcessors }: BackendOptions,
  memory: HostMemory,
  form: GraphForm = processorForm(threads),
): OnnxBackend<HostTensor> =>
  new OnnxBackend({
    info: {
      name: 'onnx',
      precision: 'float32',
      threads,
      description: `ONNX Runtime ${ort.env.versions.node ?? ''} on the CPU`,
    },
    memory,
    session: ({ products, entries }) => ({
      executionProviders: ['cpu'],
      enableCpuMemArena: entries <= MOST_KEPT_ENTRIES,
      intraOpNumThreads: steadyThreads(products, threads),
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
      extra: sessionConfig(sharesProcessors),
    }),
    form,
  });
