import type { LayerPool, LayerReport, PlacedProblem } from './pool/layer-pool.js';

/** When a solve is not accepted, and what is done then. */
export interface GuardOptions {
  readonly enabled: boolean;
  /** c: a solve may raise the objective by at most c · ½‖R⁰‖²/B, or c · LEAST_UNIT if that is more. */
  readonly limit: number;
  /** How often a solve is redone before the layer is left as it was in this step. */
  readonly retries: number;
  /** What the learning rate is multiplied by for each redo. */
  readonly shrink: number;
}

/** A solve that was not accepted. */
export interface GuardIncident {
  readonly layer: number;
  /** From 1. */
  readonly attempt: number;
  readonly learningRateFactor: number;
  readonly report: LayerReport;
  /** Whether another attempt follows; if not, the layer stays as it was in this step. */
  readonly redone: boolean;
}

/**
 * Where the outputs are closer to their targets than this, ½‖R⁰‖²/B is no measure any more: what momentum brings from
 * earlier steps moves the objective by more.
 */
const LEAST_UNIT = 1e-5;

/** By how much a solve raised the objective, in units of ½‖R⁰‖²/B; null where there is no objective. */
export function relativeRise({
  objectiveBefore,
  objectiveAfter,
  displacementEnergy,
}: LayerReport): number | null {
  if (objectiveBefore === null || objectiveAfter === null) return null;
  return (objectiveAfter - objectiveBefore) / Math.max(displacementEnergy, LEAST_UNIT);
}

/** Whether a solution is finite and raises the objective no further than the limit allows. */
export function acceptable(report: LayerReport, { limit }: GuardOptions): boolean {
  const rise = relativeRise(report);
  return report.finite && (rise === null || rise <= limit);
}

export interface GuardedSolution {
  readonly report: LayerReport;
  /** Whether the solution is to be taken; if not, the layer stays as it was in this step. */
  readonly accepted: boolean;
}

/** Solves a local problem, again with smaller steps while its result is not acceptable. */
export async function solveGuarded(
  pool: LayerPool,
  problem: Omit<PlacedProblem, 'attempt'>,
  options: GuardOptions,
  onIncident: (incident: GuardIncident) => void,
): Promise<GuardedSolution> {
  for (let attempt = 1; ; attempt++) {
    const learningRateFactor = options.shrink ** (attempt - 1);
    const rateFactor = problem.rateFactor * learningRateFactor;
    const report = await pool.solve({ ...problem, attempt, rateFactor });
    if (!options.enabled || acceptable(report, options)) return { report, accepted: true };
    const redone = attempt <= options.retries;
    onIncident({ layer: problem.layer, attempt, learningRateFactor, report, redone });
    if (!redone) return { report, accepted: false };
  }
}
