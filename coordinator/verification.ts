import { runVectors, type CaseResult } from '../engine/conformance/run.js';
import type { EngineInfo } from '../engine/engine.js';
import { startEngine } from '../engine/engines.js';

export type { CaseResult };

export interface Verification {
  readonly engine: EngineInfo;
  readonly cases: readonly CaseResult[];
  /** Whether no case is past its tolerance. */
  readonly passed: boolean;
}

/**
 * Runs the conformance vectors of a folder on an engine.
 *
 * @param onCase is given each result as soon as it is known
 * @throws LocopropError VECTORS_MISSING, VECTORS_INVALID, ENGINE_…
 */
export async function verifyEngine(
  directory: string,
  { engine: name, threads }: { readonly engine: string; readonly threads: number | null },
  onCase: (result: CaseResult) => void,
): Promise<Verification> {
  const engine = await startEngine(name, threads);
  const cases: CaseResult[] = [];
  try {
    for await (const result of runVectors(directory, engine)) {
      cases.push(result);
      onCase(result);
    }
    return { engine: engine.info, cases, passed: cases.every(({ passed }) => passed) };
  } finally {
    await engine.close();
  }
}
