import { nvidiaCards } from '#engine/nvidia/cards.js';
import { limitTf32, usesTf32 } from '#engine/nvidia/tf32.js';
import { cudaLibrary } from '#engine/onnx/cuda-library.js';
import { vulkanDrivers } from '#engine/onnx/vulkan-drivers.js';
import { startEngine } from '#engine/engines.js';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

const mapOf = (...libraries: string[]): string =>
  libraries.map((library) => `7f0000000000-7f0000100000 r-xp 00000000 08:01 42   ${library}\n`).join('');

describe('the drivers of Vulkan in a map of memory', () => {
  it.each([
    { libraries: ['/usr/lib/libvulkan.so.1', '/usr/lib/libc.so.6'], drivers: [] },
    {
      libraries: ['/usr/lib/chromium/libvk_swiftshader.so', '/usr/lib/chromium/libvk_swiftshader.so'],
      drivers: [{ name: 'SwiftShader', software: true }],
    },
    {
      libraries: ['/usr/lib/libGLX_nvidia.so.550.54.15', '/usr/lib/libvulkan_lvp.so'],
      drivers: [
        { name: 'NVIDIA 550.54.15', software: false },
        { name: 'Mesa lavapipe', software: true },
      ],
    },
    {
      libraries: ['/usr/lib/x86_64-linux-gnu/libvulkan_radeon.so'],
      drivers: [{ name: 'Mesa radeon', software: false }],
    },
  ])('are $drivers', ({ libraries, drivers }) => {
    expect(vulkanDrivers(mapOf(...libraries))).toEqual(drivers);
  });
});

describe('the cards of NVIDIA', () => {
  const open =
    'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  560.35.03  Release Build  (dvs-builder)';
  const closed = 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024';
  const compiler = 'GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)';

  it.each([
    { version: null, models: [], cards: null },
    { version: open, models: ['NVIDIA H200', 'NVIDIA H200'], cards: 'NVIDIA H200, driver 560.35.03' },
    { version: closed, models: ['Tesla T4', 'NVIDIA L4'], cards: 'NVIDIA L4 or Tesla T4, driver 550.54.15' },
    { version: closed, models: [], cards: 'an unknown GPU, driver 550.54.15' },
  ])('are $cards', async ({ version, models, cards }) => {
    const folder = await mkdtemp(join(tmpdir(), 'nvidia-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    if (version !== null) await writeFile(join(folder, 'version'), `${version}\n${compiler}\n`);
    for (const [index, model] of models.entries()) {
      const gpu = join(folder, 'gpus', `0000:0${index}:00.0`);
      await mkdir(gpu, { recursive: true });
      await writeFile(join(gpu, 'information'), `Model: \t\t ${model}\nIRQ:   \t\t 42\n`);
    }
    expect(nvidiaCards(folder)).toBe(cards);
  });
});

describe('TF32', () => {
  it.each([
    { environment: {}, uses: false },
    { environment: { LOCOPROP_TF32: '1' }, uses: true },
    { environment: { LOCOPROP_TF32: '0' }, uses: false },
    { environment: { NVIDIA_TF32_OVERRIDE: '1' }, uses: true },
    { environment: { LOCOPROP_TF32: '1', NVIDIA_TF32_OVERRIDE: '0' }, uses: false },
  ])('with $environment is used: $uses', ({ environment, uses }) => {
    const own: NodeJS.ProcessEnv = { ...environment };
    limitTf32(own);
    expect(usesTf32(own)).toBe(uses);
  });
});

describe('the engine onnx-cuda', () => {
  if (existsSync(cudaLibrary())) console.warn('Skipped: the CUDA provider is installed here.');
  it.skipIf(existsSync(cudaLibrary()))('says what it lacks and how to get it', async () => {
    await expect(startEngine('onnx-cuda')).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringMatching(
        process.platform === 'linux' && process.arch === 'x64'
          ? /libonnxruntime_providers_cuda\.so is missing.*ONNXRUNTIME_NODE_INSTALL=cuda12/
          : /Linux x64 only/,
      ) as string,
    });
  });
});
