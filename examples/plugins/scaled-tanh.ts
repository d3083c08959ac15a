import { abs, add, definePart, exp, log, multiply, square, subtract, tanh } from 'locoprop';

/**
 * f(a) = s tanh(ra), whose defaults give f(±1) = ±1 and the largest curvature there: LeCun, Bottou, Orr
 * and Müller, "Efficient BackProp", 1998, section 4.4.
 */
export default definePart({
  kind: 'transfer',
  name: 'scaled_tanh',
  parameters: {
    scale: { default: 1.7159, exclusiveMinimum: 0, description: 's: the largest output.' },
    rate: { default: 2 / 3, exclusiveMinimum: 0, description: 'r: the slope at 0 is rs.' },
  },
  elementwise: true,
  value: (a, { scale, rate }) => multiply(scale, tanh(multiply(rate, a))),
  // f' = rs (1 − tanh²) = rs − (r/s) y²
  pullback: (d, _, y, { scale, rate }) =>
    multiply(d, subtract(rate * scale, multiply(rate / scale, square(y)))),
  // F = (s/r) log cosh(ra), with log cosh x = |x| + log(1 + e^(−2|x|)) − log 2: no overflow.
  potential: (a, { scale, rate }) => {
    const size = abs(multiply(rate, a));
    return multiply(scale / rate, add(size, subtract(log(add(1, exp(multiply(-2, size)))), Math.LN2)));
  },
});
