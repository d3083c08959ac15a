import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { documentOf, locoprop, temporaryFolder } from '../cli/support.js';

const vectors = fileURLToPath(new URL('../vectors', import.meta.url));

interface Engine {
  readonly name: string;
  readonly available: boolean;
  readonly wrong: string | null;
  readonly info: { readonly software: boolean; readonly description: string };
}

describe('the command line, on a GPU in software,', () => {
  it('tells of the engine onnx-webgpu what drives it, and does not choose it', async () => {
    const { engines, auto } = (await documentOf(['doctor'])) as { engines: Engine[]; auto: { name: string } };
    const engine = engines.find(({ name }) => name === 'onnx-webgpu')!;
    expect(engine).toMatchObject({ available: true, wrong: null });
    expect(engine.info.description).toMatch(/^ONNX Runtime [\d.]+ on WebGPU, /);
    if (engine.info.software) expect(auto.name).not.toBe('onnx-webgpu');
  });

  it('verifies the engine onnx-webgpu', async () => {
    // One of the files: the contract of engines has all of them.
    const few = await temporaryFolder();
    await copyFile(join(vectors, 'exact-solutions.json'), join(few, 'exact-solutions.json'));
    const { code, stdout } = await locoprop(['verify', few, '--engine', 'onnx-webgpu']);
    expect(stdout).toMatch(/onnx-webgpu \(ONNX Runtime .*\): all 3 cases passed/);
    expect(code).toBe(0);
  });
});

describe('without any driver of Vulkan', () => {
  it('the engine onnx-webgpu cannot be had, and says where to read on', async () => {
    const env = { VK_ICD_FILENAMES: '/nonexistent.json', VK_DRIVER_FILES: '/nonexistent.json' };
    const { code, stderr } = await locoprop(['verify', vectors, '--engine', 'onnx-webgpu'], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/ENGINE_UNAVAILABLE: .*found no GPU for WebGPU \(.*\); docs\/gpu\.md/);
  });
});
