import type { LoopForm } from '../graph/loop-form.js';

/** How graphs are written for a provider of ONNX Runtime. */
export interface GraphForm extends LoopForm {
  /** Whether Log gives what IEEE 754 asks for at 0 and below it. */
  readonly logOfAnything: boolean;
  /**
   * A layer is solved some columns after the others, so many that what they are given has no more entries
   * than this; null for all columns at once.
   */
  readonly blockEntries: number | null;
}

export const STANDARD_FORM: GraphForm = {
  mostUnrolledPasses: 16,
  longLoops: 'node',
  logOfAnything: true,
  blockEntries: null,
};

/** An update passes over its matrices ten times and computes next to nothing: they are to stay in the caches. */
export const processorForm = (threads: number): GraphForm => ({
  ...STANDARD_FORM,
  blockEntries: threads * CACHED_ENTRIES,
});

/**
 * 4 MiB of float32, some of which an update reads more than once. Half as many are no faster, but make twice as
 * many blocks to build a graph of; measured in docs/results/bench.md.
 */
const CACHED_ENTRIES = 2 ** 20;

/**
 * The WebGPU provider has no Loop: the CPU provider would run it, for which what the passes change is copied to
 * the process and back. Its Log is the shader language's, which leaves open what it gives at 0 and below:
 * −88 and 0 on SwiftShader, and a solve that has gone astray would pass for a finite one.
 */
export const WEBGPU_FORM: GraphForm = { ...STANDARD_FORM, longLoops: 'calls', logOfAnything: false };
