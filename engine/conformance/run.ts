import type { Engine } from '../engine.js';
import { toleranceOf } from './comparison.js';
import { startEngine } from '../engines.js';
import { readVectors } from './read.js';

/** How an engine did on a case. */
export interface CaseResult {
  readonly file: string;
  readonly name: string;
  /** How it was solved: direct, gram or exact. */
  readonly form: string;
  /** The largest error of its tensors, each relative to the largest entry expected. */
  readonly error: number;
  /** The tensor with that error. */
  readonly worst: string;
  readonly tolerance: number;
  readonly passed: boolean;
}

/**
 * Runs the conformance vectors of a folder on an engine, case by case. All files are read and checked
 * before the first case is run.
 *
 * @throws LocopropError VECTORS_MISSING, VECTORS_INVALID, ENGINE_CALL_FAILED, ENGINE_LOST
 */
export async function* runVectors(directory: string, engine: Engine): AsyncGenerator<CaseResult, void> {
  const runs = await readVectors(directory);
  const oracle = await startEngine('reference');
  try {
    for (const run of runs) {
      const { file, name, form, float32Error } = run;
      const { error, worst } = await run.run({ engine, oracle });
      // float32Error is what plain float32 errs.
      const tolerance = toleranceOf(engine.info, Math.max(1e-5, 10 * float32Error));
      yield { file, name, form, error, worst, tolerance, passed: error <= tolerance };
    }
  } finally {
    await oracle.close();
  }
}
