import {
  abs,
  definePart,
  greater,
  maximum,
  minimum,
  multiply,
  negate,
  square,
  subtract,
  where,
} from 'locoprop';

/**
 * A local loss for pre-activation targets that grows linearly beyond δ, so that outlying targets pull
 * no harder than near ones: Huber, "Robust estimation of a location parameter", Annals of Mathematical
 * Statistics 35, 1964. With δ → ∞ it is LocoProp-S.
 */
export default definePart({
  kind: 'localLoss',
  name: 'huber',
  parameters: {
    delta: { default: 0.05, exclusiveMinimum: 0, description: 'δ: where the loss turns linear.' },
  },
  output: 'preactivation',
  gradient: ({ displacement }, { delta }) => maximum(minimum(displacement, delta), negate(delta)),
  value: ({ displacement }, { delta }) => {
    const size = abs(displacement);
    const linear = multiply(delta, subtract(size, delta / 2));
    return [where(greater(size, delta), linear, multiply(0.5, square(displacement)))];
  },
});
