import { LocopropError } from '#core/errors/error.js';
import type { RunState } from '#core/state.js';
import { encodeSafetensors } from '#services/safetensors/encode.js';
import { decodeSafetensors } from '#services/safetensors/decode.js';
import { decodeCheckpoint, encodeCheckpoint } from '#services/store/checkpoint-format.js';
import { Checkpoints } from '#services/store/checkpoints.js';
import { FolderRunStore } from '#services/store/folder-run-store.js';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureOf, newSeed, numbers, stateAt, temporaryFolder } from './support.js';

const PROGRAM = 'locoprop 0.0.0-test';

async function folderWith(...saved: { step: number; best?: boolean }[]): Promise<[string, Checkpoints]> {
  const folder = await temporaryFolder();
  const checkpoints = new Checkpoints(new FolderRunStore(folder));
  for (const { step, best = false } of saved) {
    await checkpoints.save(stateAt(step), { best, keep: 2, program: PROGRAM });
  }
  return [join(folder, 'checkpoints'), checkpoints];
}

const bytesOf = async (state: RunState): Promise<Buffer> =>
  Buffer.concat(await encodeCheckpoint(state, PROGRAM));

async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  const last = bytes.length - 1;
  bytes[last] = (bytes[last] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

/** A file sealed as the format says: SHA-256 of the whole with 64 zeros in the digest's place. */
function sealed(metadata: Record<string, string>, tensors = {}): Buffer {
  const zeros = '0'.repeat(64);
  const file = Buffer.concat(encodeSafetensors(tensors, { ...metadata, digest: zeros }));
  file.write(createHash('sha256').update(file).digest('hex'), file.indexOf(zeros));
  return file;
}

describe('a checkpoint', () => {
  it('keeps every bit of the state', async () => {
    const state = stateAt(7);
    state.layers[0]?.weights.data.set(
      new Float32Array(Uint32Array.of(0x7fc00001, 0x80000000, 0xff800000).buffer),
    );
    const loaded = await decodeCheckpoint(await bytesOf(state), 'x');
    expect(loaded).toEqual(state);
    const bits = ({ layers }: RunState): Uint32Array => new Uint32Array(layers[0]!.weights.data.buffer);
    expect(bits(loaded)).toEqual(bits(state));
  });

  it('keeps double precision, layers without slots, and slots of any name', async () => {
    const matrix = { rows: 1, columns: 1, data: Float64Array.of(Math.PI) };
    const layer = { weights: matrix, bias: matrix, weightSlots: {}, biasSlots: {}, updates: 0 };
    const slots = { 'a.b': matrix, '7': matrix, ['__proto__']: matrix };
    const state = { ...stateAt(0), layers: [layer, { ...layer, weightSlots: slots }] };
    expect(await decodeCheckpoint(await bytesOf(state), 'x')).toEqual(state);
  });

  it('keeps the factors of a second-order method, each of a shape of its own', async () => {
    const filled = (rows: number, columns: number) => ({
      rows,
      columns,
      data: Float32Array.from({ length: rows * columns }, (_, index) => index),
    });
    const [first, second] = stateAt(3).layers;
    const factors = { inputMoment: filled(3, 3), inputMean: filled(1, 3), inputTrace: filled(1, 1) };
    const state = { ...stateAt(3), layers: [{ ...first!, factors }, second!] };
    const file = await bytesOf(state);
    expect(await decodeCheckpoint(file, 'x')).toEqual(state);
    const { tensors } = decodeSafetensors(file, 'x');
    const named = Array.from(tensors, ([name, { shape }]) => [name, ...shape]);
    expect(named.filter(([name]) => String(name).includes('factors'))).toEqual([
      ['layers.0.factors.inputMoment', 3, 3],
      ['layers.0.factors.inputMean', 1, 3],
      ['layers.0.factors.inputTrace', 1, 1],
    ]);
  });

  it('is a safetensors file with the names and shapes of the layers', async () => {
    const { tensors, metadata } = decodeSafetensors(await bytesOf(stateAt(3)), 'x');
    expect(Array.from(tensors, ([name, { shape }]) => [name, ...shape])).toEqual([
      ['layers.0.weights', 3, 4],
      ['layers.0.bias', 4],
      ['layers.0.weightSlots.m', 3, 4],
      ['layers.0.weightSlots.s', 3, 4],
      ['layers.0.biasSlots.m', 4],
      ['layers.0.biasSlots.s', 4],
      ['layers.1.weights', 4, 2],
      ['layers.1.bias', 2],
      ['layers.1.weightSlots.m', 4, 2],
      ['layers.1.weightSlots.s', 4, 2],
      ['layers.1.biasSlots.m', 2],
      ['layers.1.biasSlots.s', 2],
    ]);
    expect(metadata).toMatchObject({ format: 'locoprop-checkpoint', formatVersion: '1', program: PROGRAM });
  });

  it('has the digest that its format describes', async () => {
    const file = await bytesOf(stateAt(3));
    const { digest = '' } = decodeSafetensors(file, 'x').metadata;
    const place = file.indexOf(digest);
    const blank = Buffer.from(file).fill('0', place, place + 64);
    expect(createHash('sha256').update(blank).digest('hex')).toBe(digest);
  });

  it('is damaged when cut off at any byte or when any byte is another', async () => {
    const random = numbers(newSeed());
    const file = await bytesOf(stateAt(1, [1, 2]));
    const codes = new Map<string, number>();
    for (let place = 0; place < file.length; place += 1) {
      const flipped = Uint8Array.from(file);
      flipped[place] = (flipped[place] ?? 0) ^ (1 << Math.floor(random() * 8));
      for (const bytes of [file.subarray(0, place), flipped]) {
        const error = await failureOf(decodeCheckpoint(bytes, 'x'));
        const code = error instanceof LocopropError ? error.code : String(error);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }
    expect(codes).toEqual(new Map([['STORE_CHECKPOINT_DAMAGED', 2 * file.length]]));
  });

  const intact = { format: 'locoprop-checkpoint', formatVersion: '1' };
  const one = { shape: [1, 1], data: Float32Array.of(1) };
  const state = JSON.stringify({
    position: { step: 1, epoch: 0, batch: 1 },
    event: 1,
    random: { generator: 'g', seed: 1 },
    trainSeconds: 1,
    bestLoss: null,
    updates: [1],
  });

  it.each<[string, Buffer, RegExp]>([
    ['no state', sealed(intact), /state cannot be read/],
    ['a state that is no JSON', sealed({ ...intact, state: '{' }), /state cannot be read/],
    ['a negative step', sealed({ ...intact, state: state.replace('"step":1', '"step":-1') }), /step/],
    ['no layer', sealed({ ...intact, state }), /no tensor layers\.0\.weights/],
    ['no bias', sealed({ ...intact, state }, { 'layers.0.weights': one }), /no tensor layers\.0\.bias/],
    [
      'a hole in the layers',
      sealed({ ...intact, state }, { 'layers.5.weights': one }),
      /no tensor layers\.0\.weights/,
    ],
    [
      'a bias of another length',
      sealed(
        { ...intact, state },
        { 'layers.0.weights': one, 'layers.0.bias': { shape: [2], data: new Float32Array(2) } },
      ),
      /layers\.0\.bias has the shape \[2\], not \[1, 1\]/,
    ],
    [
      'another number of layers',
      sealed(
        { ...intact, state: state.replace('[1]', '[1,1]') },
        { 'layers.0.weights': one, 'layers.0.bias': one },
      ),
      /another number of layers/,
    ],
    ['no mark', sealed({}), /not marked as a checkpoint/],
  ])('with %s is refused though its digest is right', async (_, bytes, message) => {
    const error = await failureOf(decodeCheckpoint(bytes, 'runs/a/x'));
    expect(error).toMatchObject({
      code: 'STORE_CHECKPOINT_DAMAGED',
      message: expect.stringMatching(message) as string,
    });
  });

  it('of a later format is refused by name', async () => {
    const bytes = sealed({ ...intact, formatVersion: '2' });
    const error = await failureOf(decodeCheckpoint(bytes, 'runs/a/x'));
    expect(error).toMatchObject({
      code: 'STORE_CHECKPOINT_NEWER',
      message: 'The checkpoint runs/a/x has the format version 2; this program reads up to version 1.',
    });
  });
});

describe('the checkpoints of a run', () => {
  it('are the newest few and the best', async () => {
    const [folder, checkpoints] = await folderWith(
      { step: 1 },
      { step: 2, best: true },
      { step: 3 },
      { step: 4 },
      { step: 5 },
    );
    expect((await readdir(folder)).toSorted()).toEqual([
      'best.safetensors',
      'step-00000004.safetensors',
      'step-00000005.safetensors',
    ]);
    expect((await checkpoints.loadBest()).state).toEqual(stateAt(2));
    expect(await checkpoints.loadLatest()).toEqual({
      state: stateAt(5),
      file: 'checkpoints/step-00000005.safetensors',
      damaged: [],
    });
  });

  it('fall back past damaged ones, and name them', async () => {
    const [folder, checkpoints] = await folderWith({ step: 4 }, { step: 5 });
    await flipBit(join(folder, 'step-00000005.safetensors'));
    expect(await checkpoints.loadLatest()).toEqual({
      state: stateAt(4),
      file: 'checkpoints/step-00000004.safetensors',
      damaged: [
        { file: 'checkpoints/step-00000005.safetensors', reason: 'its SHA-256 digest does not match' },
      ],
    });
  });

  it('fall back to the best where no other is whole', async () => {
    const [folder, checkpoints] = await folderWith({ step: 4, best: true }, { step: 5 }, { step: 6 });
    await flipBit(join(folder, 'step-00000005.safetensors'));
    await writeFile(join(folder, 'step-00000006.safetensors'), '');
    const { state, file, damaged } = await checkpoints.loadLatest();
    expect([state, file, damaged.length]).toEqual([stateAt(4), 'checkpoints/best.safetensors', 2]);
  });

  it('do not count a damaged one of a later step among the newest', async () => {
    const [folder, checkpoints] = await folderWith({ step: 4 }, { step: 6 });
    await flipBit(join(folder, 'step-00000006.safetensors'));
    await checkpoints.save(stateAt(5), { best: false, keep: 2, program: PROGRAM });
    expect((await readdir(folder)).toSorted()).toEqual([
      'step-00000004.safetensors',
      'step-00000005.safetensors',
    ]);
  });

  it('are refused when the newest is of a later format', async () => {
    const [folder, checkpoints] = await folderWith({ step: 4 });
    const later = sealed({ format: 'locoprop-checkpoint', formatVersion: '2' });
    await writeFile(join(folder, 'step-00000009.safetensors'), later);
    expect(await failureOf(checkpoints.loadLatest())).toMatchObject({ code: 'STORE_CHECKPOINT_NEWER' });
  });

  it('say so when there is none, or none that is whole', async () => {
    const [folder, checkpoints] = await folderWith({ step: 4 });
    expect(await failureOf(checkpoints.loadBest())).toMatchObject({ code: 'STORE_NO_CHECKPOINT' });
    await flipBit(join(folder, 'step-00000004.safetensors'));
    expect(await failureOf(checkpoints.loadLatest())).toMatchObject({
      code: 'STORE_NO_CHECKPOINT',
      message: expect.stringContaining(
        'step-00000004.safetensors: its SHA-256 digest does not match',
      ) as string,
    });
    await rm(folder, { recursive: true });
    expect(await failureOf(checkpoints.loadLatest())).toMatchObject({
      code: 'STORE_NO_CHECKPOINT',
      message: expect.stringContaining('none was saved') as string,
    });
  });

  it('leave room for other work while a large one is saved', async () => {
    const folder = await temporaryFolder();
    const checkpoints = new Checkpoints(new FolderRunStore(folder));
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns += 1;
      if (counting) setImmediate(count);
    };
    count();
    // 1000 · 1000 weights with two slots: 12 MB, so at least twelve turns for the digest alone.
    await checkpoints.save(stateAt(1, [1000, 1000]), { best: false, keep: 1, program: PROGRAM });
    counting = false;
    expect(turns).toBeGreaterThanOrEqual(12);
  });
});
