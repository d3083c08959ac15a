import { multiply } from '../expression/expression.js';
import type { TargetRule } from './part.js';

export const targetRules: readonly TargetRule[] = [
  {
    // T = A − γD (LocoProp-S) or Y − γD (LocoProp-M).
    kind: 'target',
    name: 'gradient_step',
    parameters: {
      activationLearningRate: {
        default: 10,
        exclusiveMinimum: 0,
        description: 'γ: how far the target lies from the output, along the gradient.',
      },
    },
    displacement: ({ gradient }, h) => multiply(h['activationLearningRate']!, gradient),
  },
];
