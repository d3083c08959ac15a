import type { LayerState, RunState } from '#core/state.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'locoprop-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Numbers from 0 to 1 that follow from a seed (Park and Miller's generator, 1988). */
export function numbers(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** A seed that a failure can be repeated with: it is part of the test's output. */
export function newSeed(): number {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  return seed;
}

/** The state of a small network 3-4-2 with two slots, all numbers functions of the step. */
export function stateAt(step: number, sizes: readonly number[] = [3, 4, 2]): RunState {
  const random = numbers(step);
  const matrix = (rows: number, columns: number) => ({
    rows,
    columns,
    data: Float32Array.from({ length: rows * columns }, random),
  });
  const layers = sizes.slice(1).map((units, i): LayerState => {
    const inputs = sizes[i] ?? 0;
    return {
      weights: matrix(inputs, units),
      bias: matrix(1, units),
      weightSlots: { m: matrix(inputs, units), s: matrix(inputs, units) },
      biasSlots: { m: matrix(1, units), s: matrix(1, units) },
      updates: step * 10,
    };
  });
  return {
    position: { step, epoch: Math.floor(step / 6), batch: step % 6 },
    event: step,
    random: { generator: 'xoroshiro128plus/sha256', seed: 9007199254740991 },
    trainSeconds: step * 0.1,
    bestLoss: step === 0 ? null : 1 / step,
    layers,
  };
}

/** What a rejected promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (cause) {
    return cause;
  }
  throw new Error('it did not fail');
}
