import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../deploy/docker/on-gpu.sh', import.meta.url));
const GPUS = ['GPU-aaaa', 'GPU-bbbb'];

if (process.platform !== 'linux') console.warn('Skipped: the script is of the image, which is of Linux.');

describe.runIf(process.platform === 'linux')('on-gpu', () => {
  let folder: string;
  const started: ChildProcess[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'locoprop-on-gpu-'));
    const smi = join(folder, 'nvidia-smi');
    await writeFile(smi, `#!/bin/sh\nprintf '${GPUS.join('\\n')}\\n'\n`);
    await chmod(smi, 0o755);
  });
  afterEach(async () => {
    for (const child of started.splice(0)) await end(child);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const end = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };

  /** Starts a program that prints its GPU and stays; what it printed, or null with its exit code. */
  async function startOne(
    environment: Record<string, string> = {},
    ...args: string[]
  ): Promise<{ gpu: string; child: ChildProcess } | { code: number; log: string }> {
    const program = 'console.log(process.env.CUDA_VISIBLE_DEVICES); process.stdin.resume()';
    const child = spawn(script, [process.execPath, '--eval', program, '--', ...args], {
      env: { PATH: `${folder}:${process.env['PATH']}`, GPU_LOCKS: folder, ...environment },
    });
    started.push(child);
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const printed = once(child.stdout, 'data').then(([chunk]) => ({ gpu: String(chunk).trim(), child }));
    const ended = once(child, 'close').then(([code]) => ({ code: code as number, log }));
    return Promise.race([printed, ended]);
  }

  it('gives each program a GPU of its own, and no more programs than GPUs one', async () => {
    const [first, second] = [await startOne(), await startOne()];
    expect([first, second]).toMatchObject(GPUS.map((gpu) => ({ gpu })));
    expect(await startOne()).toMatchObject({
      code: 1,
      log: expect.stringMatching(/"gpu":"2 of them","msg":"every GPU of this machine is taken/) as string,
    });
  });

  it('gives the GPU of a program that was killed to the next one', async () => {
    const first = await startOne();
    await startOne();
    if (!('gpu' in first)) throw new Error(first.log);
    await end(first.child);
    expect(await startOne()).toMatchObject({ gpu: first.gpu });
  });

  it('refuses several GPUs for an engine that cannot be told which to take', async () => {
    expect(await startOne({}, '--engine=onnx-webgpu')).toMatchObject({
      code: 1,
      log: expect.stringMatching(
        /"gpu":"2 of them","msg":"onnx-webgpu cannot be told which GPU to take/,
      ) as string,
    });
  });

  it('leaves alone what CUDA_VISIBLE_DEVICES names', async () => {
    await startOne();
    expect(await startOne({ CUDA_VISIBLE_DEVICES: GPUS[0]! })).toMatchObject({ gpu: GPUS[0] });
  });
});
