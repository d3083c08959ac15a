import { add, definePart, divide, sqrt, square, subtract } from 'locoprop';

/**
 * A loss of the network that is quadratic for errors well below ε and linear well above it:
 * Charbonnier, Blanc-Féraud, Aubert and Barlaud, "Two deterministic half-quadratic regularization
 * algorithms for computed imaging", ICIP 1994.
 */
export default definePart({
  kind: 'loss',
  name: 'charbonnier',
  parameters: {
    epsilon: { default: 0.1, exclusiveMinimum: 0, description: 'ε: the error where the two meet.' },
  },
  value: ({ y, labels }, { epsilon }) =>
    subtract(sqrt(add(square(subtract(y, labels)), epsilon ** 2)), epsilon),
  gradient: ({ y, labels, pullback }, { epsilon }) => {
    const error = subtract(y, labels);
    return pullback(divide(error, sqrt(add(square(error), epsilon ** 2))));
  },
});
