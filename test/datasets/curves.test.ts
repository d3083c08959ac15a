import { randomStream } from '#core/random.js';
import { makeCurves } from '#services/datasets/curves.js';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { expectRefusal, MAX_BYTES } from './support.js';

const context = { seed: 5, split: 'train', maxBytes: MAX_BYTES } as const;
const curves = (examples: number, more: Partial<typeof context> | { seed: number } = {}) =>
  makeCurves({ dataset: 'curves', examples }, { ...context, ...more });

/** Brightness of a picture's pixels, from 4000 points of the curve as a quadratic Bézier curve. */
function drawSlowly(stream: ReturnType<typeof randomStream>): number[] {
  const [a, b, c] = [0, 1, 2].map(() => [4 + 20 * stream.uniform(), 4 + 20 * stream.uniform()] as const);
  if (a === undefined || b === undefined || c === undefined) throw new Error('three points');
  const control = [2 * b[0] - (a[0] + c[0]) / 2, 2 * b[1] - (a[1] + c[1]) / 2] as const;
  const points = Array.from({ length: 4001 }, (_, index) => {
    const t = index / 4000;
    const at = (axis: 0 | 1) => (1 - t) ** 2 * a[axis] + 2 * t * (1 - t) * control[axis] + t ** 2 * c[axis];
    return [at(0), at(1)] as const;
  });
  return Array.from({ length: 784 }, (_, pixel) => {
    const x = (pixel % 28) + 0.5;
    const y = Math.floor(pixel / 28) + 0.5;
    const distance = Math.min(...points.map((point) => Math.hypot(x - point[0], y - point[1])));
    return 255 * Math.min(1, Math.max(0, 1.5 - distance));
  });
}

describe('CURVES', () => {
  it('are soft strokes along the parabola through three random points', async () => {
    const { inputs } = await curves(4);
    const stream = randomStream(5, 'curves', 'train');
    for (let picture = 0; picture < 4; picture += 1) {
      const expected = drawSlowly(stream);
      const errors = expected.map((value, pixel) => Math.abs(value - (inputs[784 * picture + pixel] ?? 0)));
      // A twentieth of a pixel, the straight pieces' error, and rounding.
      expect(Math.max(...errors)).toBeLessThan(255 / 20 + 1);
    }
  });

  it('are the same on every machine', async () => {
    const { inputs } = await curves(1000);
    const digest = createHash('sha256').update(inputs).digest('hex');
    expect(digest).toBe('5385d11eea78a177c29a09373ff93bb2af774ec9882c508fb2808f263a9b7329');
  });

  it('are 28 × 28 bytes, scaled to 0 … 1', async () => {
    const { examples, features, scale, image, labels, targets } = await curves(3);
    expect({ examples, features, scale, image, labels, targets }).toEqual({
      examples: 3,
      features: 784,
      scale: 1 / 255,
      image: { width: 28, height: 28 },
      labels: null,
      targets: null,
    });
  });

  it('depend on seed and split, and fewer are the first of more', async () => {
    const some = await curves(20);
    expect((await curves(50)).inputs.subarray(0, 20 * 784)).toEqual(some.inputs);
    expect((await curves(20, { seed: 6 })).inputs).not.toEqual(some.inputs);
    const test = await makeCurves({ dataset: 'curves', examples: 20, split: 'test' }, context);
    expect(test.inputs).not.toEqual(some.inputs);
    const own = await makeCurves({ dataset: 'curves', examples: 20, seed: 5 }, { ...context, seed: 9 });
    expect(own.inputs).toEqual(some.inputs);
  });

  it('are never cut off at the border, nor empty', async () => {
    const { inputs } = await curves(2000);
    for (let picture = 0; picture < 2000; picture += 1) {
      const pixels = inputs.subarray(784 * picture, 784 * (picture + 1));
      const border = pixels.filter(
        (_, pixel) => pixel < 28 || pixel >= 756 || pixel % 28 === 0 || pixel % 28 === 27,
      );
      // A stroke that just touches the border from inside may leave a trace there.
      expect(Math.max(...border)).toBeLessThan(128);
      expect(Math.max(...pixels)).toBeGreaterThan(200);
    }
  });

  it('let other work run while they are drawn', async () => {
    let turns = 0;
    let drawing = true;
    const count = (): void => {
      turns += 1;
      if (drawing) setImmediate(count);
    };
    setImmediate(count);
    await curves(2000);
    drawing = false;
    expect(turns).toBeGreaterThanOrEqual(19);
  });

  it('are refused above the limit of memory', async () => {
    await expectRefusal(curves(2 ** 40), 'DATA_TOO_LARGE', /curves would take \d+ bytes/);
  });
});
