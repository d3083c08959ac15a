import type { AndersonSettings } from './anderson.js';
import type { Expression } from './expression/expression.js';
import type {
  Chosen,
  LocalLoss,
  Optimizer,
  Regularizer,
  TargetRule,
  TransferFunction,
} from './parts/part.js';
import type { LocalSchedule } from './schedules.js';
import type { SecondOrderMethod } from './second-order/method.js';

/**
 * How a local problem is solved: in K local iterations by the optimizer, or of Anderson's acceleration; or, where
 * there is a closed form, exactly.
 */
export type Solver = 'iterative' | 'anderson' | 'exact';

/** Gradients from the batch (direct), or from ZᵀZ and ZᵀT formed once (gram). */
export type SolveForm = 'direct' | 'gram';

/** Everything that says how one layer computes and learns. */
export interface LayerRule {
  readonly inputs: number;
  readonly units: number;
  readonly transfer: Chosen<TransferFunction>;
  readonly target: Chosen<TargetRule>;
  readonly localLoss: Chosen<LocalLoss>;
  readonly regularizer: Chosen<Regularizer>;
  readonly optimizer: Chosen<Optimizer>;
  /** K, at least 1. */
  readonly iterations: number;
  readonly localSchedule: LocalSchedule;
  readonly learningRate: number;
  /** μ of the mean gradient that the target is made of; 0 for the step's own gradient. */
  readonly residualMomentum: number;
  readonly solver: Solver;
  /** For the solver `anderson`. */
  readonly anderson: AndersonSettings;
  readonly form: SolveForm;
  /** Takes the place of solver and optimizer. */
  readonly secondOrder?: SecondOrderMethod;
}

/** f(a) with what else a rule may need of it. */
export interface Activation {
  readonly y: Expression;
  readonly pullback: (d: Expression) => Expression;
  readonly potential?: Expression;
}

export function activate({ part, h }: Chosen<TransferFunction>, a: Expression): Activation {
  const y = part.value(a, h);
  const potential = part.potential?.(a, h);
  return { y, pullback: (d) => part.pullback(d, a, y, h), ...(potential && { potential }) };
}
