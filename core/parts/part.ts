import type { Expression } from '../expression/expression.js';
import type { ParameterSpec, PartKind } from '../spec/part-catalogue.js';

/** Values of a part's hyperparameters, complete. */
export type Hyperparameters = Readonly<Record<string, number>>;

interface PartBase {
  readonly kind: PartKind;
  /** How a spec refers to it. */
  readonly name: string;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
}

/** Y = f(A). Shapes: a, y and d are [examples, units]. */
export interface TransferFunction extends PartBase {
  readonly kind: 'transfer';
  readonly value: (a: Expression, h: Hyperparameters) => Expression;
  /**
   * The gradient with respect to a, given d, the one with respect to y. For an elementwise f it is
   * d ∘ f'(a).
   */
  readonly pullback: (d: Expression, a: Expression, y: Expression, h: Hyperparameters) => Expression;
  /** F with gradient f: [examples, units] or [examples, 1]; absent where there is no elementary one. */
  readonly potential?: (a: Expression, h: Hyperparameters) => Expression;
  /** Whether each output depends on its own pre-activation only, so that columns can be split. */
  readonly elementwise: boolean;
}

/** The network's loss, without the mean over the examples. Shapes: [examples, outputs]. */
export interface NetworkLoss extends PartBase {
  readonly kind: 'loss';
  /** The transfer function that the last layer must have, where the loss is defined for one only. */
  readonly transfer?: string;
  /** The loss of each example, [examples, 1] or, to be summed, [examples, outputs]. */
  readonly value: (context: LossContext, h: Hyperparameters) => Expression;
  /** Its gradient with respect to the pre-activation a. */
  readonly gradient: (context: LossContext, h: Hyperparameters) => Expression;
  /** Labels from the distribution whose negative log-likelihood the loss is, where it is one of any. */
  readonly sample?: LabelSampling;
}

/** How labels are drawn from a network's own distribution. */
export interface LabelSampling {
  /** What `noise` is, entry by entry: uniform in [0, 1), or normal with mean 0 and variance 1. */
  readonly noise: 'uniform' | 'normal';
  /** The labels [examples, outputs], from noise of that shape. */
  readonly labels: (context: SamplingContext, h: Hyperparameters) => Expression;
}

export interface SamplingContext extends Omit<LossContext, 'labels' | 'pullback'> {
  readonly noise: Expression;
}

export interface LossContext {
  readonly a: Expression;
  readonly y: Expression;
  readonly labels: Expression;
  /** The gradient with respect to a of something whose gradient with respect to y is d. */
  readonly pullback: (d: Expression) => Expression;
}

/** A layer's local loss, without the mean over the examples. Shapes: [examples, units]. */
export interface LocalLoss extends PartBase {
  readonly kind: 'localLoss';
  /** Which of A and Y the target is a target for. */
  readonly output: 'preactivation' | 'postactivation';
  /** The gradient with respect to a: the residual R. */
  readonly gradient: (context: LocalLossContext, h: Hyperparameters) => Expression;
  /** Terms whose entries add up to the loss of all units and examples; undefined where unknown. */
  readonly value: (context: LocalLossContext, h: Hyperparameters) => readonly Expression[] | undefined;
  /** Whether it is ½‖a − T‖², which the Gram form and the exact solution need. */
  readonly quadratic?: boolean;
}

export interface LocalLossContext {
  /** a = XW + b with the weights of this local iteration. */
  readonly a: Expression;
  /** f(a). */
  readonly y: Expression;
  /** a or f(a), whichever the target is for. */
  readonly output: Expression;
  readonly target: Expression;
  /** output − target; at the first local iteration exactly what the target rule gave. */
  readonly displacement: Expression;
  readonly pullback: (d: Expression) => Expression;
  readonly potential?: Expression;
}

/** Where a layer's target lies. Shapes: [examples, units]. */
export interface TargetRule extends PartBase {
  readonly kind: 'target';
  /**
   * R⁰ = output − target. The difference, not the target: a target close to the output would lose it
   * in rounding.
   */
  readonly displacement: (context: TargetContext, h: Hyperparameters) => Expression;
}

export interface TargetContext {
  readonly a: Expression;
  readonly y: Expression;
  /** a or y, whichever the local loss has its target for. */
  readonly output: Expression;
  /** ∂L/∂a, 1/examples included. */
  readonly gradient: Expression;
  /** The number of examples, a scalar. */
  readonly examples: Expression;
}

/** A term added to the local loss. p and its start p0 are [inputs, units] or, for a bias, [1, units]. */
export interface Regularizer extends PartBase {
  readonly kind: 'regularizer';
  readonly weights: (context: RegularizerContext, h: Hyperparameters) => RegularizerTerm | undefined;
  readonly bias: (context: RegularizerContext, h: Hyperparameters) => RegularizerTerm | undefined;
}

export interface RegularizerContext {
  readonly parameter: Expression;
  /** The parameter at the start of the local problem. */
  readonly initial: Expression;
}

export interface RegularizerTerm {
  readonly gradient: Expression;
  /** To be summed over all entries. */
  readonly value: Expression;
}

/** One update of a parameter. All matrices have the parameter's shape. */
export interface Optimizer extends PartBase {
  readonly kind: 'optimizer';
  /** Names and initial values of the slots. */
  readonly slots: (h: Hyperparameters) => Readonly<Record<string, number>>;
  readonly update: (context: OptimizerContext, h: Hyperparameters) => OptimizerUpdate;
}

export interface OptimizerContext {
  readonly parameter: Expression;
  readonly gradient: Expression;
  readonly slots: Readonly<Record<string, Expression>>;
  /** The learning rate of this local iteration, a scalar. */
  readonly rate: Expression;
  /** How many updates the slots have seen, this one included, a scalar: t. */
  readonly count: Expression;
}

export interface OptimizerUpdate {
  readonly parameter: Expression;
  readonly slots: Readonly<Record<string, Expression>>;
}

/** Any part, as `plugins` of a spec export them. */
export type Part = TransferFunction | NetworkLoss | LocalLoss | TargetRule | Regularizer | Optimizer;
export type PartOfKind<K extends PartKind> = Extract<Part, { kind: K }>;

/** A part with values for all its hyperparameters. */
export interface Chosen<P extends Part> {
  readonly part: P;
  readonly h: Hyperparameters;
}
