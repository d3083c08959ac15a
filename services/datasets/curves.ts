import type { CurvesSource, Dataset, DataSplit } from '../../core/dataset.js';
import { randomStream, type RandomStream } from '../../core/random.js';
import { cooperate } from './cooperate.js';
import { allocate } from './numeric.js';

/** Pixels along a side, as in the literature. */
const SIDE = 28;
const PIXELS = SIDE * SIDE;
/**
 * Where the unit square of the points lies in the picture, in pixels. A curve leaves the square by
 * at most 1/8 of its side, 2.5 pixels, and the stroke reaches 1.5 further: no curve is cut off.
 */
const MARGIN = 4;
const SCALE = SIDE - 2 * MARGIN;
/** Distance from the curve, in pixels, at which the brightness is half; it falls over one pixel. */
const HALF_STROKE = 1;
const REACH = HALF_STROKE + 0.5;
/** Straight pieces that stand for a curve; none is further from it than 0.05 pixels. */
const SEGMENTS = 24;
const PICTURES_PER_STEP = 100;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A point of the unit square, in pixels: pixel i reaches from i to i + 1. */
const randomPoint = (stream: RandomStream): Point => ({
  x: MARGIN + SCALE * stream.uniform(),
  y: MARGIN + SCALE * stream.uniform(),
});

/** The point at t of the parabola with p(0) = a, p(½) = b, p(1) = c, by Lagrange's formula. */
function interpolate(a: Point, b: Point, c: Point, t: number): Point {
  const atA = (1 - t) * (1 - 2 * t);
  const atB = 4 * t * (1 - t);
  const atC = t * (2 * t - 1);
  return { x: atA * a.x + atB * b.x + atC * c.x, y: atA * a.y + atB * b.y + atC * c.y };
}

/** The square of the distance from a point to the segment from a to b. */
function squaredDistance(x: number, y: number, a: Point, b: Point): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const squaredLength = dx * dx + dy * dy;
  const along = squaredLength === 0 ? 0 : ((x - a.x) * dx + (y - a.y) * dy) / squaredLength;
  const nearest = Math.min(1, Math.max(0, along));
  const ex = x - a.x - nearest * dx;
  const ey = y - a.y - nearest * dy;
  return ex * ex + ey * ey;
}

/** Draws a segment: each pixel near it takes the brightness of its centre's distance, if that is more. */
function drawSegment(picture: Uint8Array, a: Point, b: Point): void {
  const firstX = Math.max(0, Math.floor(Math.min(a.x, b.x) - REACH));
  const lastX = Math.min(SIDE - 1, Math.floor(Math.max(a.x, b.x) + REACH));
  const firstY = Math.max(0, Math.floor(Math.min(a.y, b.y) - REACH));
  const lastY = Math.min(SIDE - 1, Math.floor(Math.max(a.y, b.y) + REACH));
  for (let y = firstY; y <= lastY; y += 1) {
    for (let x = firstX; x <= lastX; x += 1) {
      const distance = Math.sqrt(squaredDistance(x + 0.5, y + 0.5, a, b));
      const brightness = Math.round(255 * Math.min(1, Math.max(0, REACH - distance)));
      const pixel = y * SIDE + x;
      if (brightness > (picture[pixel] as number)) picture[pixel] = brightness;
    }
  }
}

/** Draws the curve through three random points. */
function drawCurve(picture: Uint8Array, stream: RandomStream): void {
  const [a, b, c] = [randomPoint(stream), randomPoint(stream), randomPoint(stream)];
  let from = a;
  for (let segment = 1; segment <= SEGMENTS; segment += 1) {
    const to = interpolate(a, b, c, segment / SEGMENTS);
    drawSegment(picture, from, to);
    from = to;
  }
}

function* drawCurves(pictures: Uint8Array, stream: RandomStream): Generator<void, void> {
  for (let start = 0; start < pictures.length; start += PIXELS) {
    if (start % (PICTURES_PER_STEP * PIXELS) === 0) yield;
    drawCurve(pictures.subarray(start, start + PIXELS), stream);
  }
}

/**
 * CURVES, the synthetic data of the deep-autoencoder literature (Hinton and Salakhutdinov, 2006;
 * Martens, 2010): 28 × 28 pictures of a smooth curve through three points drawn uniformly from a
 * square, so that six numbers determine a picture. Their recipe is not published in full; here a curve is
 * the parabola that passes its points at t = 0, ½ and 1, drawn as a soft stroke of two pixels.
 * A split's pictures come from one random stream, so fewer examples are the first of more.
 *
 * @throws LocopropError DATA_TOO_LARGE
 */
export async function makeCurves(
  source: CurvesSource,
  { seed, split, maxBytes }: { readonly seed: number; readonly split: DataSplit; readonly maxBytes: number },
): Promise<Dataset> {
  const inputs = allocate(Uint8Array, source.examples * PIXELS, { file: 'curves', maxBytes });
  await cooperate(drawCurves(inputs, randomStream(source.seed ?? seed, 'curves', source.split ?? split)));
  return {
    name: 'curves',
    examples: source.examples,
    features: PIXELS,
    inputs,
    scale: 1 / 255,
    labels: null,
    classes: null,
    targets: null,
    image: { width: SIDE, height: SIDE },
  };
}
