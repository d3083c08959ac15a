import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** How streams are made; a saved run holds it, for another generator would give other numbers. */
export const GENERATOR = 'xoroshiro128plus/sha256';

/** A sequence of random numbers; each call moves it on. */
export interface RandomStream {
  /** Uniform in [0, 1), a multiple of 2⁻⁵³. */
  readonly uniform: () => number;
  /** Uniform in [low, high); rounding may give high itself. */
  readonly uniformBetween: (low: number, high: number) => number;
  /** Normal with mean 0 and variance 1. */
  readonly normal: () => number;
  /** Uniform among 0, …, bound − 1, without bias; bound from 1 to 2³². */
  readonly integerBelow: (bound: number) => number;
  /** The numbers 0, …, length − 1 in an order drawn uniformly from all orders. */
  readonly permutation: (length: number) => Uint32Array;
}

/** The four words of state: the first 128 bits of SHA-256 over an unambiguous text of seed and names. */
function stateOf(seed: number, names: readonly (string | number)[]): number[] {
  const digest = sha256(utf8ToBytes(JSON.stringify([seed, ...names])));
  const words = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  return [words.getInt32(0), words.getInt32(4), words.getInt32(8), words.getInt32(12)];
}

/**
 * The stream that belongs to a seed and a list of names: a pure function of both, independent of
 * every other stream, so nothing but the seed need be saved to draw the same numbers again.
 *
 * @param seed a non-negative safe integer
 * @param names what the numbers are for: `'shuffle', epoch` or `'weights', layer`
 * @throws RangeError when the seed or a numeric name is no such integer
 */
export function randomStream(seed: number, ...names: (string | number)[]): RandomStream {
  for (const value of [seed, ...names]) {
    if (typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0)) {
      throw new RangeError(`A random stream needs non-negative safe integers, not ${value}`);
    }
  }
  const generator = xoroshiro128plusFromState(stateOf(seed, names));
  const uniform = (): number => uniformFloat64(generator);
  const integerBelow = (bound: number): number => uniformInt(generator, 0, bound - 1);
  let spare: number | undefined;

  return {
    uniform,
    integerBelow,
    uniformBetween: (low, high) => low + (high - low) * uniform(),

    // Marsaglia and Bray (1964): a point in the unit disc gives two normal numbers.
    normal() {
      if (spare !== undefined) {
        const kept = spare;
        spare = undefined;
        return kept;
      }
      let x: number, y: number, square: number;
      do {
        x = 2 * uniform() - 1;
        y = 2 * uniform() - 1;
        square = x * x + y * y;
      } while (square >= 1 || square === 0);
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      spare = y * factor;
      return x * factor;
    },

    // Fisher and Yates (1938), in the in-place form of Durstenfeld (1964).
    permutation(length) {
      const order = Uint32Array.from({ length }, (_, index) => index);
      for (let last = length - 1; last > 0; last -= 1) {
        const chosen = integerBelow(last + 1);
        const moved = order[last] as number;
        order[last] = order[chosen] as number;
        order[chosen] = moved;
      }
      return order;
    },
  };
}
