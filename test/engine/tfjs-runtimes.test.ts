import { runtimes, startRuntime, type Require } from '#engine/tfjs/runtimes.js';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import util, { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const packages = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/** What the engine asks of tfjs-node as it starts. */
const working = `
  if (!require('util').isNullOrUndefined(null)) throw new Error('not null');
  module.exports = {
    version: { 'tfjs-core': '4.0' },
    backend: () => ({ isUsingGpuDevice: __filename.includes('gpu'), binding: { TF_Version: '2.0' } }),
  };`;

describe('the packages of TensorFlow.js', () => {
  let folder: string;
  let require: Require;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tfjs-'));
    require = createRequire(join(folder, 'any.js'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function install(name: string, code: string): Promise<void> {
    const own = join(folder, 'node_modules', name);
    await mkdir(own, { recursive: true });
    await writeFile(join(own, 'index.js'), code);
  }
  const start = () => startRuntime(3, Object.values(runtimes), require);

  it('are taken best first', async () => {
    await install('@tensorflow/tfjs-core', '');
    await install('@tensorflow/tfjs-backend-cpu', '');
    await install('@tensorflow/tfjs-node', working);
    expect(await start()).toMatchObject({
      description: 'TensorFlow.js 4.0 with TensorFlow 2.0 on the CPU',
      threads: 3,
    });
    await install('@tensorflow/tfjs-node-gpu', working);
    // Asked of the variables that a start of the engine sets, which this is not.
    expect(await start()).toMatchObject({
      description: expect.stringMatching(
        /^TensorFlow\.js 4\.0 with TensorFlow 2\.0 on a GPU.*TF32$/,
      ) as string,
      products: 'tf32',
    });
  });

  it('find the function that Node 23 has dropped', async () => {
    await install('@tensorflow/tfjs-node', working);
    const own = Object.getOwnPropertyDescriptor(util, 'isNullOrUndefined');
    delete (util as { isNullOrUndefined?: unknown }).isNullOrUndefined;
    try {
      await expect(start()).resolves.toBeDefined();
    } finally {
      if (own) Object.defineProperty(util, 'isNullOrUndefined', own);
    }
  });

  it('are not passed over in silence where they do not work', async () => {
    await install('@tensorflow/tfjs-node', `require('./lib/napi-v8/tfjs_binding.node')`);
    await install('@tensorflow/tfjs-core', '');
    await install('@tensorflow/tfjs-backend-cpu', '');
    await expect(start()).rejects.toThrow(
      /^@tensorflow\/tfjs-node is installed but does not work: Cannot find module .*tfjs_binding\.node/,
    );
  });

  it('are named where there are none', async () => {
    await install('@tensorflow/tfjs-core', '');
    await expect(start()).rejects.toThrow(
      'no TensorFlow.js is installed; install one of, best first: @tensorflow/tfjs-node-gpu, ' +
        '@tensorflow/tfjs-node, @tensorflow/tfjs-core with @tensorflow/tfjs-backend-wasm, ' +
        '@tensorflow/tfjs-core with @tensorflow/tfjs-backend-cpu',
    );
  });

  it('are not needed for anything but this engine', async () => {
    for (const part of ['core', 'engine'])
      await cp(join(dist, part), join(folder, part), { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await mkdir(join(folder, 'node_modules'));
    for (const name of await readdir(packages)) {
      if (name !== '@tensorflow') await symlink(join(packages, name), join(folder, 'node_modules', name));
    }
    const script = `
      import { startEngine } from './engine/engines.js';
      const reference = await startEngine('reference');
      await reference.close();
      await startEngine('tfjs').catch(({ code, message }) => console.log(code, message));`;
    const { stdout } = await runScript(folder, script);
    expect(stdout).toMatch(/^ENGINE_UNAVAILABLE .*no TensorFlow\.js is installed; install one of/);
  });

  it('are remarked on once where they are slow, on standard error alone', async () => {
    const script = `
      import { startEngine } from ${JSON.stringify(join(dist, 'engine/engines.js'))};
      for (let start = 0; start < 2; start++) await (await startEngine('tfjs', 1)).close();
      console.log('{}');`;
    const { stdout, stderr } = await runScript(folder, script);
    expect(stdout).toBe('{}\n');
    expect(stderr.match(/is slow: install @tensorflow\/tfjs-node/g)).toHaveLength(1);
    expect(stderr).not.toMatch(/Hi, looks like/);
  });
});

/** Runs a module in a process that finds no packages but those above it. */
async function runScript(folder: string, script: string): Promise<{ stdout: string; stderr: string }> {
  const file = join(folder, 'script.mjs');
  await writeFile(file, script);
  const env = { ...process.env, NODE_PATH: '' };
  return promisify(execFile)(process.execPath, [file], { env });
}
