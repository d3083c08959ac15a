import { encode } from 'fast-png';

/** One example: the network's input and its output, both [height · width] with values from 0 to 1. */
export interface Reconstruction {
  readonly input: Float32Array;
  readonly output: Float32Array;
}

/** Size of a picture in the data, in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

const PAIRS_PER_LINE = 10;
/** Pictures are enlarged by a whole factor to about this width, in pixels. */
const PICTURE_WIDTH = 64;
const MARGIN = 12;
/** Between an input and its reconstruction. */
const INNER_GAP = 4;
/** Between neighbours, and between lines of pairs. */
const GAP = 8;
/** Grey of the ground, apart from the black and the white of the pictures on light and dark pages. */
const GROUND = 96;

/**
 * A PNG picture of inputs, each above its reconstruction, in lines of ten. Values below 0 are
 * drawn black, above 1 white, those that are not numbers black.
 */
export function reconstructionsPng(examples: readonly Reconstruction[], size: ImageSize): Uint8Array {
  const zoom = Math.max(1, Math.round(PICTURE_WIDTH / size.width));
  const width = size.width * zoom;
  const height = size.height * zoom;
  const columns = Math.max(1, Math.min(PAIRS_PER_LINE, examples.length));
  const lines = Math.ceil(examples.length / columns);
  const pairHeight = 2 * height + INNER_GAP;
  const canvas = newCanvas(
    2 * MARGIN + columns * (width + GAP) - GAP,
    2 * MARGIN + Math.max(1, lines) * (pairHeight + GAP) - GAP,
  );
  for (const [i, { input, output }] of examples.entries()) {
    const x = MARGIN + (i % columns) * (width + GAP);
    const y = MARGIN + Math.floor(i / columns) * (pairHeight + GAP);
    draw(canvas, input, size, { x, y, zoom });
    draw(canvas, output, size, { x, y: y + height + INNER_GAP, zoom });
  }
  return encode({ ...canvas, channels: 1, depth: 8 });
}

interface Canvas extends ImageSize {
  /** [height · width] grey values. */
  readonly data: Uint8Array;
}

const newCanvas = (width: number, height: number): Canvas => ({
  width,
  height,
  data: new Uint8Array(width * height).fill(GROUND),
});

function draw(
  canvas: Canvas,
  image: Float32Array,
  size: ImageSize,
  at: { x: number; y: number; zoom: number },
): void {
  for (let row = 0; row < size.height * at.zoom; row += 1) {
    const source = Math.floor(row / at.zoom) * size.width;
    const target = (at.y + row) * canvas.width + at.x;
    for (let column = 0; column < size.width * at.zoom; column += 1) {
      canvas.data[target + column] = grey(image[source + Math.floor(column / at.zoom)] ?? 0);
    }
  }
}

const grey = (value: number): number => Math.round(255 * Math.min(1, Math.max(0, value || 0)));
