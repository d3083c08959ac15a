import { add, constant, sum, type Expression } from './expression/expression.js';
import type { Chosen, Regularizer, RegularizerTerm } from './parts/part.js';

/** Weights [inputs, units] and bias [1, units] of a layer, or something of their shapes. */
export interface Parameters {
  readonly weights: Expression;
  readonly bias: Expression;
}

const term = (
  { part, h }: Chosen<Regularizer>,
  name: keyof Parameters,
  parameters: Parameters,
  initial: Parameters,
): RegularizerTerm | undefined => part[name]({ parameter: parameters[name], initial: initial[name] }, h);

/** `gradient` with the regularizer's own added. */
export function regularizerGradient(
  regularizer: Chosen<Regularizer>,
  parameters: Parameters,
  initial: Parameters,
  gradient: Parameters,
): Parameters {
  const total = (name: keyof Parameters): Expression => {
    const own = term(regularizer, name, parameters, initial);
    return own ? add(gradient[name], own.gradient) : gradient[name];
  };
  return { weights: total('weights'), bias: total('bias') };
}

/** The regularizer's value, [1, 1]. */
export function regularizerValue(
  regularizer: Chosen<Regularizer>,
  parameters: Parameters,
  initial: Parameters,
): Expression {
  const own = (['weights', 'bias'] as const).flatMap((name) => {
    const found = term(regularizer, name, parameters, initial);
    return found ? [sum(found.value, 'all')] : [];
  });
  return own.reduce((x, y) => add(x, y), constant(0));
}
