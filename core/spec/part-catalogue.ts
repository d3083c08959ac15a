/** The kinds of rules that a spec names. */
export type PartKind = 'transfer' | 'loss' | 'localLoss' | 'target' | 'regularizer' | 'optimizer';

/** One hyperparameter of a part. */
export interface ParameterSpec {
  /** Without one, a spec must give the value. */
  readonly default?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly description: string;
}

/** What a spec may name, and with which hyperparameters. */
export interface PartCatalogue {
  names(kind: PartKind): readonly string[];
  /** Undefined where there is no such part. */
  parameters(kind: PartKind, name: string): Readonly<Record<string, ParameterSpec>> | undefined;
  /** The transfer function that a network's loss needs on the last layer, if it needs a certain one. */
  transferOfLoss(loss: string): string | undefined;
  /** Whether labels can be drawn from the distribution that a network's loss belongs to. */
  hasDistribution(loss: string): boolean;
  /** Whether a local loss is ½‖a − T‖². */
  isQuadratic(localLoss: string): boolean;
}
