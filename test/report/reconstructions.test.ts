import { reconstructionsPng, type Reconstruction } from '#services/report/reconstructions.js';
import { crc32, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixel: (x: number, y: number) => number;
}

/** Reads an unfiltered 8-bit grey PNG by the specification (ISO/IEC 15948), sums checked. */
function decoded(png: Uint8Array): Picture {
  const bytes = Buffer.from(png);
  expect(bytes.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
  const chunks = new Map<string, Buffer>();
  for (let offset = 8; offset < bytes.length;) {
    const length = bytes.readUInt32BE(offset);
    const typed = bytes.subarray(offset + 4, offset + 8 + length);
    expect(bytes.readUInt32BE(offset + 8 + length)).toBe(crc32(typed));
    chunks.set(typed.toString('latin1', 0, 4), typed.subarray(4));
    offset += length + 12;
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
  const header = chunks.get('IHDR') ?? Buffer.alloc(0);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  expect([...header.subarray(8)], '8 bits, grey, no interlacing').toEqual([8, 0, 0, 0, 0]);
  const rows = inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0));
  expect(rows).toHaveLength((width + 1) * height);
  for (let row = 0; row < height; row += 1) expect(rows[row * (width + 1)], 'no filter').toBe(0);
  return { width, height, pixel: (x, y) => rows[y * (width + 1) + 1 + x] ?? NaN };
}

const example = (input: number[], output: number[]): Reconstruction => ({
  input: Float32Array.from(input),
  output: Float32Array.from(output),
});

describe('the picture of reconstructions', () => {
  it('shows each input above its output, enlarged, with the values as greys', () => {
    // Pictures of 32 × 16 pixels are doubled: 64 × 32.
    const size = { width: 32, height: 16 };
    const left = Array.from({ length: 512 }, (_, i) => (i % 32 < 16 ? 1 : 0));
    const { width, height, pixel } = decoded(
      reconstructionsPng([example(left, new Array<number>(512).fill(0.5)), example(left, left)], size),
    );
    expect([width, height]).toEqual([12 + 64 + 8 + 64 + 12, 12 + 32 + 4 + 32 + 12]);
    const [first, second, input, output] = [12, 12 + 64 + 8, 12, 12 + 32 + 4];
    expect([pixel(first, input), pixel(first + 31, input + 31)]).toEqual([255, 255]);
    expect([pixel(first + 32, input), pixel(first + 63, input + 31)]).toEqual([0, 0]);
    expect([pixel(first, output), pixel(first + 63, output + 31)]).toEqual([128, 128]);
    expect([pixel(second + 31, output), pixel(second + 32, output)]).toEqual([255, 0]);
    for (const [x, y] of [
      [0, 0],
      [first - 1, input],
      [first + 64, input],
      [first, input + 32],
      [width - 1, height - 1],
    ]) {
      expect(pixel(x ?? 0, y ?? 0), 'the ground').toBe(96);
    }
  });

  it('draws values out of range as black or white', () => {
    const size = { width: 5, height: 1 };
    const { pixel } = decoded(
      reconstructionsPng([example([-1, 2, NaN, Infinity, 0.25], [0, 0, 0, 0, 0])], size),
    );
    // 64 / 5 rounds to a factor of 13.
    expect([0, 1, 2, 3, 4].map((i) => pixel(12 + 13 * i, 12))).toEqual([0, 255, 0, 255, 64]);
  });

  it.each([
    [0, 12 + 56 + 12, 12 + 116 + 12],
    [3, 12 + 3 * 56 + 2 * 8 + 12, 12 + 116 + 12],
    [10, 12 + 10 * 56 + 9 * 8 + 12, 12 + 116 + 12],
    [23, 12 + 10 * 56 + 9 * 8 + 12, 12 + 3 * 116 + 2 * 8 + 12],
  ])('puts %i pairs of 28 × 28 pixels into %i × %i', (count, width, height) => {
    const blank = new Array<number>(784).fill(0);
    const pairs = Array.from({ length: count }, () => example(blank, blank));
    expect(decoded(reconstructionsPng(pairs, { width: 28, height: 28 }))).toMatchObject({ width, height });
  });
});
