import { LocopropError } from '#core/errors/error.js';
import { fastest, startFastest, type Trial } from '#engine/auto.js';
import { findDevices, likelyEngines } from '#engine/devices.js';
import type { Engine, EngineInfo } from '#engine/engine.js';
import { checkEngine, startEngine } from '#engine/engines.js';
import { startThreadedEngine } from '#engine/thread/threaded-engine.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';

const sound = (name: string, gflops: number): Trial => ({ name, info: {}, wrong: null, gflops });
const cpu = sound('onnx', 100);
const gpu = sound('onnx-webgpu', 900);
const cuda = sound('onnx-cuda', 2000);

describe('the choice of auto', () => {
  it.each<{ name: string; trials: Trial[]; takes: string | null; says: RegExp }>([
    { name: 'the processors alone', trials: [cpu], takes: 'onnx', says: /^onnx 100 GFLOP\/s$/ },
    {
      name: 'the faster of two',
      trials: [cpu, gpu],
      takes: 'onnx-webgpu',
      says: /^onnx-webgpu 900.*, onnx 100/,
    },
    {
      name: 'the fastest of three',
      trials: [cpu, cuda, gpu],
      takes: 'onnx-cuda',
      says: /^onnx-cuda 2\.00e\+3/,
    },
    { name: 'a slow GPU', trials: [cpu, sound('onnx-webgpu', 20)], takes: 'onnx', says: /onnx-webgpu 20/ },
    {
      name: 'a fast GPU that computes wrongly',
      trials: [cpu, { ...gpu, wrong: 'a tanh layer is solved with an error of 3e-1' }],
      takes: 'onnx',
      says: /not onnx-webgpu: a tanh layer/,
    },
    {
      name: 'a GPU that is software, however fast',
      trials: [cpu, { ...gpu, info: { software: true } }],
      takes: 'onnx',
      says: /not onnx-webgpu: its GPU is software/,
    },
    {
      name: 'one that does not start',
      trials: [cpu, { name: 'onnx-cuda', failure: 'no driver' }],
      takes: 'onnx',
      says: /not onnx-cuda: no driver/,
    },
    {
      name: 'none',
      trials: [{ name: 'onnx', failure: 'no memory' }],
      takes: null,
      says: /^not onnx: no memory$/,
    },
  ])('is made among $name', ({ trials, takes, says }) => {
    const { name, reason } = fastest(trials);
    expect(name).toBe(takes);
    expect(reason).toMatch(says);
  });
});

/** An engine that does nothing but close. */
class Idle {
  closed = false;
  constructor(readonly info: EngineInfo) {}
  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

describe('the start of the fastest engine', () => {
  const speeds: Record<string, number> = { onnx: 10, 'onnx-webgpu': 50, 'onnx-cuda': 90 };
  const begin = (
    names: readonly string[],
    wrong: readonly string[] = [],
    failing: readonly string[] = [],
  ) => {
    const started = new Map<string, Idle>();
    const measured: string[] = [];
    const result = startFastest<Engine>(names, {
      start: (name) => {
        if (failing.includes(name)) {
          return Promise.reject(
            new LocopropError('ENGINE_UNAVAILABLE', { engine: name, reason: 'it is ill' }),
          );
        }
        const engine = new Idle({ name, precision: 'float32', threads: 1, description: name });
        started.set(name, engine);
        return Promise.resolve(engine as unknown as Engine);
      },
      check: ({ info }) => Promise.resolve(wrong.includes(info.name) ? 'it is wrong' : null),
      measure: ({ info }) => {
        measured.push(info.name);
        return Promise.resolve(speeds[info.name]!);
      },
      remark: () => undefined,
    });
    const open = (): string[] => [...started].filter(([, { closed }]) => !closed).map(([name]) => name);
    return { result, measured, open };
  };

  it('measures nothing where there is one only', async () => {
    const { result, measured, open } = begin(['onnx']);
    expect(await result).toMatchObject({ engine: { info: { name: 'onnx' } }, reason: null });
    expect([measured, open()]).toEqual([[], ['onnx']]);
  });

  it('leaves only the one that it takes open, and says why', async () => {
    const { result, open } = begin(['onnx', 'onnx-webgpu', 'onnx-cuda'], ['onnx-cuda']);
    const { engine, reason } = await result;
    expect(engine.info.name).toBe('onnx-webgpu');
    expect(reason).toBe(
      'auto took it: onnx-webgpu 50.0 GFLOP/s, onnx 10.0 GFLOP/s; not onnx-cuda: it is wrong',
    );
    expect(open()).toEqual(['onnx-webgpu']);
  });

  it('does not measure what computes wrongly', async () => {
    const { result, measured } = begin(['onnx', 'onnx-webgpu'], ['onnx-webgpu']);
    await result;
    expect(measured).toEqual(['onnx']);
  });

  it('fails where none works, and leaves none open', async () => {
    const { result, open } = begin(['onnx', 'onnx-webgpu'], ['onnx'], ['onnx-webgpu']);
    await expect(result).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringMatching(/not onnx: it is wrong; not onnx-webgpu: .*it is ill/) as string,
    });
    expect(open()).toEqual([]);
  });
});

it('auto tells of an engine that does not answer, and waits', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const remarks: string[] = [];
  void startFastest<Engine>(['onnx-webgpu', 'onnx'], {
    start: () => new Promise(() => undefined),
    check: () => Promise.resolve(null),
    measure: () => Promise.resolve(1),
    remark: (text) => remarks.push(text),
  });
  await vi.advanceTimersByTimeAsync(29_000);
  expect(remarks).toEqual([]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(remarks).toEqual([
    expect.stringMatching(/^auto tries onnx-webgpu, .* --engine takes another one\.$/),
  ]);
});

describe('the engines that are worth a try', () => {
  it.each([
    { devices: { gpu: false, cuda: false }, engines: ['onnx'] },
    { devices: { gpu: true, cuda: false }, engines: ['onnx', 'onnx-webgpu'] },
    { devices: { gpu: true, cuda: true }, engines: ['onnx', 'onnx-cuda', 'onnx-webgpu'] },
  ])('with $devices are $engines', ({ devices, engines }) => {
    expect(likelyEngines(devices)).toEqual(engines);
  });

  const folder = mkdtempSync(join(tmpdir(), 'devices-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const nodes = (...names: string[]): string => {
    const directory = mkdtempSync(join(folder, 'dev-'));
    for (const name of names) writeFileSync(join(directory, name), '');
    return directory;
  };
  const library = join(folder, 'cuda.so');
  writeFileSync(library, '');

  it.each([
    { name: 'no device', files: [], library, found: { gpu: false, cuda: false } },
    { name: 'a card without a renderer', files: ['card0'], library, found: { gpu: false, cuda: false } },
    { name: 'a renderer', files: ['renderD128'], library, found: { gpu: true, cuda: false } },
    { name: 'one of NVIDIA', files: ['nvidiactl'], library, found: { gpu: true, cuda: true } },
    {
      name: 'one of NVIDIA without the provider',
      files: ['nvidiactl'],
      library: '/none',
      found: { gpu: true, cuda: false },
    },
  ])('are told by device files: $name', ({ files, library: cudaLibrary, found }) => {
    expect(findDevices(cudaLibrary, { platform: 'linux', directory: nodes(...files) })).toEqual(found);
  });
});

describe('the check of an engine', () => {
  it('finds nothing wrong with ONNX Runtime', async () => {
    const engine = await startEngine('onnx', 1);
    expect(await checkEngine(engine)).toBeNull();
    await engine.close();
  });

  it.each([
    { fault: 1, says: /a tanh layer is solved with an error of/ },
    { fault: 2, says: /taken for finite/ },
  ])('finds the fault of one that computes wrongly', async ({ fault, says }) => {
    const module = new URL('./fixtures/wrong-backends.mjs', import.meta.url).href;
    const engine = await startThreadedEngine('wrong', { module, threads: fault, sharesProcessors: false });
    expect(await checkEngine(engine)).toMatch(says);
    await engine.close();
  });
});
