import {
  add,
  divide,
  input,
  matmul,
  maximum,
  minimum,
  multiply,
  negate,
  scalar,
  sqrt,
  square,
  subtract,
  sum,
  transpose,
  type Bindings,
  type Expression,
} from '../expression/expression.js';
import type { Routine } from '../expression/routine.js';
import { identityMatrix, inverseRoot, SMALLEST } from './inverse-root.js';
import type { SecondOrderMethod } from './method.js';
import { MOMENTUM } from './update.js';

/*
 * K-FAC: Martens and Grosse, "Optimizing neural networks with Kronecker-factored approximate curvature"
 * (ICML 2015, arXiv 1503.05671), for the block-diagonal approximation. A layer's Fisher matrix is taken for
 * A ⊗ G with A = E[zzᵀ], z = [x; 1], and G = E[δδᵀ], δ an example's gradient with respect to the
 * pre-activations, B times its row of D. The direction is (A + πγI)⁻¹ ∇ (G + γ/π I)⁻¹, ∇ = [∇W; ∇b].
 *
 * - E is the mean over a batch, averaged over the steps with weights ε = min(1 − 1/k, decay) in step k
 *   (section 5), so the first batch counts in full.
 * - δ is of labels drawn from the network's own distribution, as in the paper (section 5) and in kfac-jax, or
 *   (`empirical`) of the labels of the data, as in kfac-pytorch (Pauloski et al., 2020) and others for PyTorch.
 *   The former takes a second backward pass, and a distribution, which not every loss has. With the latter, while
 *   the gradients of all examples agree, as at the start of a training, G holds the square of their mean and the
 *   direction is the smaller, the larger the gradient (Kunstner et al., 2019): first epochs are slow.
 * - γ = √damping, and π = √(tr A/(n_in + 1) / (tr G/n_out)), section 6.3. The damping is constant; section
 *   6.5 adapts it.
 * - Directions are scaled by ν = min(1, √(klClip / Σ rate²⟨v, ∇⟩)) over all layers, as in kfac-pytorch: it
 *   bounds the change in the network's distribution, rate²⟨v, Fv⟩/2. Section 6.4 rescales by an exact F.
 * - Momentum is that of gradient descent, as in kfac-pytorch; section 7 chooses it from an exact F.
 *
 * The bias is eliminated, so that X needs no column of ones and A is kept in blocks: inputMoment E[xxᵀ] and
 * inputMean E[x]; the traces are averaged beside them. With a = πγ, m = E[x] and S = E[xxᵀ] + aI − mmᵀ/(1 + a),
 * (A + aI)⁻¹ = [S⁻¹, q; qᵀ, r] with q = −S⁻¹m/(1 + a) and r = 1/(1 + a) + mᵀS⁻¹m/(1 + a)².
 */

export interface KfacSettings {
  /** Whose labels the gradients in G are of. */
  readonly fisher: 'sampled' | 'empirical';
  readonly damping: number;
  /** Largest weight of the average so far. */
  readonly decay: number;
  readonly momentum: number;
  readonly updateEvery: number;
  /** Null for no clipping. */
  readonly klClip: number | null;
}

const examples = scalar('examples');
const moment = input('inputMoment');
const mean = input('inputMean');
const covariance = input('gradientMoment');
const inputTrace = input('inputTrace');
const gradientTrace = input('gradientTrace');

const averaged = (average: Expression, value: Expression, decay: number): Expression => {
  const kept = minimum(subtract(1, divide(1, scalar('count'))), decay);
  return add(multiply(kept, average), multiply(subtract(1, kept), value));
};

function statistics(decay: number, fisher: KfacSettings['fisher']): Routine {
  const x = input('inputs');
  const d = input(fisher === 'sampled' ? 'sampledGradient' : 'displacement');
  // δ = B·D: the mean of δδᵀ is B·DᵀD.
  const setup: Bindings = {
    inputMoment: averaged(moment, divide(matmul(transpose(x), x), examples), decay),
    inputMean: averaged(mean, divide(sum(x, 0), examples), decay),
    inputTrace: averaged(inputTrace, divide(sum(square(x), 'all'), examples), decay),
    gradientMoment: averaged(covariance, multiply(examples, matmul(transpose(d), d)), decay),
    gradientTrace: averaged(gradientTrace, multiply(examples, sum(square(d), 'all')), decay),
  };
  return { name: 'K-FAC statistics', setup, outputs: Object.keys(setup) };
}

/** π [1, 1]. */
const ratio = sqrt(
  divide(
    maximum(divide(add(inputTrace, 1), add(scalar('inputCount'), 1)), SMALLEST),
    maximum(divide(gradientTrace, scalar('unitCount')), SMALLEST),
  ),
);

function inputInverse(damping: number): Routine {
  const added = multiply(Math.sqrt(damping), ratio);
  // 1 + a, the corner of A + aI.
  const corner = add(1, added);
  const complement = subtract(
    add(moment, multiply(added, identityMatrix)),
    divide(matmul(transpose(mean), mean), corner),
  );
  const root = input('root');
  const towards = divide(matmul(root, transpose(mean)), corner);
  return {
    name: 'K-FAC input inverse',
    ...inverseRoot(1, complement),
    final: {
      inputInverse: root,
      biasCoupling: negate(towards),
      biasInverse: divide(add(1, matmul(mean, towards)), corner),
    },
    outputs: ['inputInverse', 'biasCoupling', 'biasInverse'],
  };
}

function gradientInverse(damping: number): Routine {
  const added = divide(Math.sqrt(damping), ratio);
  return {
    name: 'K-FAC gradient inverse',
    ...inverseRoot(1, add(covariance, multiply(added, identityMatrix))),
    final: { gradientInverse: input('root') },
    outputs: ['gradientInverse'],
  };
}

function direction(): Routine {
  const [gradientWeights, gradientBias] = [input('gradientWeights'), input('gradientBias')];
  const weights = matmul(gradientWeights, input('gradientInverse'));
  const bias = matmul(gradientBias, input('gradientInverse'));
  const coupling = input('biasCoupling');
  const inner = (x: Expression, y: Expression): Expression => sum(multiply(x, y), 'all');
  return {
    name: 'K-FAC direction',
    setup: {
      directionWeights: add(matmul(input('inputInverse'), weights), matmul(coupling, bias)),
      directionBias: add(matmul(transpose(coupling), weights), multiply(input('biasInverse'), bias)),
    },
    final: {
      alignment: add(
        inner(input('directionWeights'), gradientWeights),
        inner(input('directionBias'), gradientBias),
      ),
    },
    outputs: ['directionWeights', 'directionBias'],
    numbers: ['alignment'],
  };
}

export const kfac = ({
  fisher,
  damping,
  decay,
  klClip,
  momentum,
  updateEvery,
}: KfacSettings): SecondOrderMethod => ({
  sampled: fisher === 'sampled',
  momentum,
  updateEvery,
  ridge: 0,
  slots: [MOMENTUM],
  factors: ({ inputs, units }) => ({
    inputMoment: [inputs, inputs],
    inputMean: [1, inputs],
    inputTrace: [1, 1],
    gradientMoment: [units, units],
    gradientTrace: [1, 1],
    inputInverse: [inputs, inputs],
    biasCoupling: [inputs, 1],
    biasInverse: [1, 1],
    gradientInverse: [units, units],
  }),
  statistics: statistics(decay, fisher),
  refreshes: [
    { routine: inputInverse(damping), over: 'inputs' },
    { routine: gradientInverse(damping), over: 'units' },
  ],
  direction: direction(),
  scale: (alignment, rate) => {
    const change = rate ** 2 * alignment;
    return klClip !== null && change > klClip ? Math.sqrt(klClip / change) : 1;
  },
});
