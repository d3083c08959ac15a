import type { ParameterSpec } from '../spec/part-catalogue.js';
import type {
  Hyperparameters,
  LocalLoss,
  NetworkLoss,
  Optimizer,
  Part,
  Regularizer,
  TargetRule,
  TransferFunction,
} from './part.js';

/** A rule of a part, its hyperparameters taken by their names. */
type Named<Rule, Name extends string> = Rule extends (
  ...args: [...infer Before, Hyperparameters]
) => infer Result
  ? (...args: [...Before, Readonly<Record<Name, number>>]) => Result
  : Rule;

type Defined<P extends Part, Name extends string> = {
  readonly [Field in keyof P]: Field extends 'parameters'
    ? Readonly<Record<Name, ParameterSpec>>
    : Named<P[Field], Name>;
};

/** A part of any kind whose rules know the names of its hyperparameters. */
export type PartDefinition<Name extends string> =
  | Defined<TransferFunction, Name>
  | Defined<NetworkLoss, Name>
  | Defined<LocalLoss, Name>
  | Defined<TargetRule, Name>
  | Defined<Regularizer, Name>
  | Defined<Optimizer, Name>;

/** A part as it is given, its rules checked by the compiler against its `kind` and its `parameters`. */
export const definePart = <Name extends string>(definition: PartDefinition<Name>): Part => definition;
