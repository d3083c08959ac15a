import {
  addDifferences,
  differencesOf,
  fromBfloat16,
  roundToBfloat16,
  toBfloat16,
} from '#services/rpc/bfloat16.js';
import { bytesOf, floatsOf, halvesOf } from '#services/rpc/float-bytes.js';
import { describe, expect, it } from 'vitest';
import { floats, newSeed, numbers, sameBits } from './support.js';

const floatOf = (bits: number): number => {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  return view.getFloat32(0);
};

/** By the definition: of the two neighbours the nearer, of two as near the even one. */
function nearest(bits: number): number {
  const value = floatOf(bits);
  const low = bits >>> 16;
  if (floatOf((low << 16) >>> 0) === value) return low;
  const high = low + 1;
  // One past the largest number counts as 2^128, as IEEE 754 has it.
  const beyond = (half: number): number =>
    (half & 0x7fff) === 0x7f80 ? (half >= 0x8000 ? -1 : 1) * 2 ** 128 : floatOf((half << 16) >>> 0);
  const [down, up] = [Math.abs(value - beyond(low)), Math.abs(value - beyond(high))];
  if (down === up) return low % 2 === 0 ? low : high;
  return down < up ? low : high;
}

describe('bfloat16', () => {
  it('rounds to the nearest, ties to even, as the definition says', () => {
    const random = numbers(newSeed());
    const edges = [0, 1, 0x7fff, 0x8000, 0x8001, 0x18000, 0x7f7fffff, 0x7f7f8000, 0x7f7f7fff, 0x7f800000];
    const bits = Uint32Array.from([
      ...edges.flatMap((edge) => [edge, edge + 0x80000000]),
      ...Array.from({ length: 20_000 }, () => Math.floor(random() * 2 ** 32)),
      ...Array.from({ length: 2_000 }, () => Math.floor(random() * 2 ** 16) * 2 ** 16 + 0x8000),
    ]).filter((b) => !Number.isNaN(floatOf(b)));
    const halves = new Uint16Array(bits.length);
    toBfloat16(new Float32Array(bits.buffer), halves);
    bits.forEach((b, index) => {
      if (halves[index] !== nearest(b)) expect([b.toString(16), halves[index]]).toEqual([b, nearest(b)]);
    });
  });

  it('keeps a NaN one', () => {
    const bits = Uint32Array.of(0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff, 0x7fc00000);
    const halves = new Uint16Array(bits.length);
    toBfloat16(new Float32Array(bits.buffer), halves);
    const back = new Float32Array(bits.length);
    fromBfloat16(halves, back);
    expect([...back].every(Number.isNaN)).toBe(true);
  });

  it('has every value of its own back', async () => {
    const all = Uint16Array.from({ length: 65_536 }, (_, index) => index);
    const wide = new Float32Array(all.length);
    fromBfloat16(all, wide);
    const again = new Uint16Array(all.length);
    toBfloat16(wide, again);
    const changed = all.filter((half, index) => again[index] !== half && !Number.isNaN(wide[index]));
    expect(changed.length).toBe(0);
    const rounded = await roundToBfloat16({ rows: 1, columns: 65_536, data: wide });
    expect(sameBits(rounded.data.filter(Number.isFinite), wide.filter(Number.isFinite))).toBe(true);
  });

  it('differences are applied in float32', async () => {
    const [before, after] = [floats(1, 1200, 1000), floats(2, 1200, 1000)];
    const differences = await differencesOf(after, before);
    const applied = await addDifferences(before, differences);
    for (let i = 0; i < before.data.length; i += 97) {
      const moved = new Float32Array([after.data[i]! - before.data[i]!]);
      const [bits] = new Uint32Array(moved.buffer);
      const expected = Math.fround(before.data[i]! + floatOf((nearest(bits!) << 16) >>> 0));
      if (applied.data[i] !== expected) expect([i, applied.data[i]]).toEqual([i, expected]);
    }
    await expect(addDifferences(before, floats(1, 1, 1))).rejects.toThrow(RangeError);
  });
});

describe('bytes of floats', () => {
  it('are read rightly wherever they start', () => {
    const { data } = floats(newSeed(), 1, 300_001);
    for (const offset of [0, 1, 2, 3, 4, 5, 7, 4096, 4099]) {
      const memory = Buffer.alloc(offset + data.byteLength + 3);
      memory.set(bytesOf(data), offset);
      const bytes = memory.subarray(offset, offset + data.byteLength);
      expect(sameBits(floatsOf(bytes), data)).toBe(true);
      const halves = halvesOf(bytes);
      expect([halves.length, halves[5]]).toEqual([600_002, bytes.readUInt16LE(10)]);
    }
    const part = data.subarray(3, 9);
    expect(sameBits(floatsOf(bytesOf(part)), part)).toBe(true);
    expect(() => floatsOf(new Uint8Array(5))).toThrow(RangeError);
  });
});
