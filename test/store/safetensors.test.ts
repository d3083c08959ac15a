import { LocopropError } from '#core/errors/error.js';
import { decodeSafetensors } from '#services/safetensors/decode.js';
import { encodeSafetensors } from '#services/safetensors/encode.js';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { newSeed, numbers } from './support.js';

const fixture = (name: string): Uint8Array => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

/** A file with this header, written by hand as the format says, and this much data. */
function handMade(header: string, dataBytes = 0, length = BigInt(Buffer.byteLength(header))): Uint8Array {
  const file = Buffer.alloc(8 + Buffer.byteLength(header) + dataBytes);
  file.writeBigUInt64LE(length, 0);
  file.write(header, 8);
  return file;
}

function failure(bytes: Uint8Array): LocopropError {
  try {
    decodeSafetensors(bytes, 'x.safetensors');
  } catch (error) {
    if (error instanceof LocopropError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const bits = (data: Float32Array | Float64Array): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');

describe('a safetensors file', () => {
  it('of the Python package is read', () => {
    // Made by safetensors 0.8.0 with numpy 2.4.6 (save_file).
    const { tensors, metadata } = decodeSafetensors(fixture('python.safetensors'), 'python.safetensors');
    expect(metadata).toEqual({ 'made by': 'numpy', π: 'ümlaut' });
    expect(Object.fromEntries(tensors)).toEqual({
      'layers.0.weights': { shape: [2, 3], data: Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25) },
      'layers.0.bias': { shape: [3], data: Float32Array.of(0.5, -0, Infinity) },
      'layers.1.weights': { shape: [3, 1], data: Float64Array.of(1.5, Math.PI, -2) },
      'layers.1.bias': { shape: [1], data: Float64Array.of(1e-300) },
      scalar: { shape: [], data: Float32Array.of(7) },
      empty: { shape: [0, 4], data: new Float32Array(0) },
    });
  });

  it('is laid out as the format says', () => {
    const weights = { rows: 1, columns: 2, data: Float32Array.of(1, -2) };
    const chunks = encodeSafetensors(
      { weights, b: { shape: [1], data: Float64Array.of(0.5) } },
      { key: 'text' },
    );
    const header =
      '{"__metadata__":{"key":"text"},"b":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},' +
      '"weights":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, ' ');
    const data = Buffer.alloc(16);
    data.writeDoubleLE(0.5, 0);
    data.writeFloatLE(1, 8);
    data.writeFloatLE(-2, 12);
    const expected = Buffer.concat([handMade(padded), data]);
    expect(Buffer.concat(chunks).toString('hex')).toBe(expected.toString('hex'));
    expect(chunks[2]?.buffer, 'no copy of the numbers').toBe(weights.data.buffer);
  });

  it('keeps every bit, at any place in memory', () => {
    const quiet = new Float32Array(Uint32Array.of(0x7fc00001, 0xffc12345, 0x7f800001, 0x80000000, 1).buffer);
    const doubles = new Float64Array(BigUint64Array.of(0x7ff8000000000123n, 0x8000000000000000n).buffer);
    const file = Buffer.concat(
      encodeSafetensors({
        quiet: { shape: [5], data: quiet },
        doubles: { shape: [2, 1], data: doubles },
        part: { shape: [2], data: quiet.subarray(3) },
        __proto: { shape: [0], data: new Float32Array() },
      }),
    );
    for (let offset = 0; offset < 8; offset += 1) {
      const shifted = new Uint8Array(file.length + offset).subarray(offset);
      shifted.set(file);
      const { tensors } = decodeSafetensors(shifted, 'x');
      expect([...tensors].map(([name, { data }]) => [name, bits(data)])).toEqual([
        ['doubles', bits(doubles)],
        ['quiet', bits(quiet)],
        ['part', bits(quiet.subarray(3))],
        ['__proto', ''],
      ]);
    }
  });

  it('gives every tensor memory of its own', () => {
    const data = Float32Array.of(1, 2);
    const file = Buffer.concat(encodeSafetensors({ a: { shape: [2], data }, b: { shape: [2], data } }));
    for (const tensor of decodeSafetensors(file, 'x').tensors.values()) {
      expect(tensor.data.buffer.byteLength).toBe(8);
    }
  });

  it('is refused when cut off at any byte', () => {
    const file = fixture('python.safetensors');
    const codes = Array.from(file, (_, length) => failure(file.subarray(0, length)).code);
    expect(new Set(codes)).toEqual(new Set(['SAFETENSORS_INVALID']));
  });

  it('with any bytes changed is read or refused, never anything else', () => {
    const random = numbers(newSeed());
    const pick = (bound: number): number => Math.floor(random() * bound);
    for (let round = 0; round < 2000; round += 1) {
      const file = Uint8Array.from(fixture('python.safetensors'));
      for (let change = pick(4); change >= 0; change -= 1) file[pick(file.length)] = pick(256);
      try {
        decodeSafetensors(file, 'x');
      } catch (error) {
        if (!(error instanceof LocopropError)) throw error;
      }
    }
  });

  const tensor = (dtype: string, shape: unknown, offsets: unknown): string =>
    `{"a":{"dtype":${JSON.stringify(dtype)},"shape":${JSON.stringify(shape)},"data_offsets":${JSON.stringify(offsets)}}}`;

  it.each<[string, Uint8Array, RegExp]>([
    ['another type', fixture('python-f16.safetensors'), /"half" is of type "F16", not F32 or F64 \(byte 8\)/],
    [
      'a header beyond the file',
      handMade('{}', 0, 99n),
      /header of 99 bytes is cut off after 2 bytes \(byte 10\)/,
    ],
    [
      'a huge header',
      handMade('{}', 0, 1n << 63n),
      /header of 9223372036854775808 bytes is over 10000000 bytes/,
    ],
    ['a header that is no object', handMade('[]'), /does not start with \{ \(byte 8\)/],
    ['a header that is no JSON', handMade('{"a":'), /not JSON/],
    ['a header that is no UTF-8', handMade('{"?":1}').fill(0xff, 10, 11), /not JSON/],
    ['metadata that are no texts', handMade('{"__metadata__":{"a":1}}'), /__metadata__ a: .*string/],
    ['an entry that is no tensor', handMade('{"a":7}'), /"a" has .*object/],
    ['a negative length', handMade(tensor('F32', [-1], [0, 4]), 4), /"a" has shape\.0/],
    ['a fractional length', handMade(tensor('F32', [1.5], [0, 6]), 6), /"a" has shape\.0/],
    [
      'a shape beyond all numbers',
      handMade(tensor('F32', [2 ** 40, 2 ** 40], [0, 4]), 4),
      /shape .* too large/,
    ],
    ['a shape of another size', handMade(tensor('F32', [3], [0, 8]), 8), /needs 12 bytes and has 8/],
    ['offsets in the wrong order', handMade(tensor('F32', [1], [4, 0]), 4), /needs 4 bytes and has -4/],
    ['a hole in front', handMade(tensor('F64', [1], [8, 16]), 16), /starts at byte 8 of the data, not 0/],
    ['bytes behind', handMade(tensor('F64', [1], [0, 8]), 9), /1 bytes behind its tensors belong to none/],
    ['missing data', handMade(tensor('F64', [1], [0, 8]), 7), /tensors need 8 bytes and it has 7/],
    [
      'an overlap',
      handMade(
        `${tensor('F64', [1], [0, 8]).slice(0, -1)},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`,
        12,
      ),
      /"b" starts at byte 4 of the data, not 8/,
    ],
    ['a name meant for the terminal', handMade('{"\\u001b[2J":7}'), /^[\x20-\x7e…]*$/],
    ['deep nesting', handMade(`{"a":${'['.repeat(1_000_000)}`), /not JSON/],
  ])('is refused with %s', (_, bytes, message) => {
    const error = failure(bytes);
    expect(error.code).toBe('SAFETENSORS_INVALID');
    expect(error.message).toContain('x.safetensors');
    expect(error.message).toMatch(message);
  });
});
