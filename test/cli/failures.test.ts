import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { documentOf, folderWithSpec, locoprop, main, tinySpec, type Outcome } from './support.js';

let folder: string;
beforeAll(async () => {
  folder = await folderWithSpec();
  await documentOf(['train', 'tiny.yaml', '--out', 'good', '--set', 'training.stopAfterEpochs=1'], {
    cwd: folder,
  });
});

const run = (...args: string[]): Promise<Outcome> => locoprop(args, { cwd: folder });

/** One message with its remedy, and nothing that looks like a stack trace. */
function expectFailure({ code, stderr }: Outcome, exitCode: number, start: RegExp): void {
  expect(stderr).toMatch(start);
  expect(stderr.match(/^error /gm)).toHaveLength(1);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(stderr.trim().split('\n').length).toBeGreaterThan(1);
  expect(code).toBe(exitCode);
}

/** An NPY file of float32, with a given number of bytes left out at its end. */
async function writeNpy(
  name: string,
  rows: number,
  columns: number,
  fill: (index: number) => number,
): Promise<string> {
  const fields = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`.padEnd(117);
  const header = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(`${fields}\n`)]);
  const values = Float32Array.from({ length: rows * columns }, (_, index) => fill(index));
  await writeFile(join(folder, name), Buffer.concat([header, Buffer.from(values.buffer)]));
  return name;
}

const withData = (source: string): string[] => [
  'train',
  'tiny.yaml',
  '--set',
  `data.train=${source}`,
  '--set',
  'data.test=null',
];

describe('wrong use', () => {
  it.each([
    [[], /^Usage: locoprop [^]*error CLI_USAGE: No command was given\./],
    [['trian', 'tiny.yaml'], /^error CLI_USAGE: Unknown command 'trian' \(Did you mean train\?\)/],
    [['train', 'tiny.yaml', '--epoch'], /^error CLI_USAGE: Unknown option '--epoch'/],
    [
      ['train', 'tiny.yaml', '--threads', 'two'],
      /^error CLI_USAGE: .*'two' is invalid. It must be a positive whole number/,
    ],
    [['train'], /^error CLI_USAGE: Name a spec to train/],
    [
      ['train', 'tiny.yaml', '--resume', 'good'],
      /^error CLI_USAGE: A run that is continued has its own spec/,
    ],
    [['train', 'tiny.yaml', '--set', 'seed'], /^error CLI_USAGE: --set takes path=value, not "seed"/],
    [
      ['export', 'good', '--format', 'onx'],
      /^error CLI_USAGE: .*Allowed choices are tfjs, onnx, safetensors/,
    ],
    [['export', 'good'], /^error CLI_USAGE: .*--format/],
    [['train', 'tiny.yaml', '--out', ''], /^error CLI_USAGE: --out names no folder\./],
    [['train', '--resume', ''], /^error CLI_USAGE: --resume names no folder\./],
    [['train', '--resume', 'nowhere'], /^error STORE_RUN_MISSING: nowhere holds no run/],
    [['verify', 'nowhere'], /^error VECTORS_MISSING: /],
  ])('%j', async (args, message) => {
    const outcome = await run(...args);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).not.toMatch(/^ +at /m);
  });

  it('is told as JSON where that is asked for', async () => {
    const { code, stdout } = await run('train', 'missing.yaml', '--json');
    expect(code).toBe(2);
    const { error } = JSON.parse(stdout) as { error: Record<string, unknown> };
    expect(error).toEqual({
      code: 'SPEC_FILE_MISSING',
      message: 'The spec missing.yaml does not exist.',
      remedy: expect.stringContaining('locoprop init') as string,
      retryable: false,
    });
  });
});

describe('a wrong spec', () => {
  it('names the field and a near miss', async () => {
    expectFailure(
      await run('train', 'tiny.yaml', '--set', 'training.epoch=3'),
      2,
      /^error SPEC_INVALID: [^]*epoch[^]*did you mean "?epochs"?/,
    );
    expectFailure(
      await run('train', 'tiny.yaml', '--engine', 'onx'),
      2,
      /^error SPEC_INVALID: [^]*engine\.name[^]*did you mean "?onnx"?/,
    );
  });

  it('names the line that is no YAML', async () => {
    await writeFile(join(folder, 'broken.yaml'), `${tinySpec}\n  units: [`);
    expectFailure(await run('train', 'broken.yaml'), 2, /^error SPEC_SYNTAX: broken\.yaml/);
  });
});

describe('wrong data', () => {
  it('a file that is missing', async () => {
    expectFailure(
      await run(...withData('{file: missing.npy}')),
      2,
      /^error DATA_FILE_MISSING: .*missing\.npy/,
    );
  });

  it('a file that cannot be read', async () => {
    const source = '{file: /dev/zero, format: npy}';
    expectFailure(await run(...withData(source)), 2, /^error DATA_FILE_UNREADABLE: .*\/dev\/zero/);
  });

  it('a file that is truncated', async () => {
    await writeNpy('short.npy', 32, 784, () => 0.5);
    await truncate(join(folder, 'short.npy'), 5000);
    expectFailure(await run(...withData('{file: short.npy}')), 2, /^error DATA_MALFORMED: .*short\.npy/);
  });

  it('examples of another width', async () => {
    await writeNpy('narrow.npy', 32, 783, () => 0.5);
    expectFailure(
      await run(...withData('{file: narrow.npy}')),
      2,
      /^error DATA_WIDTH_MISMATCH: .*narrow\.npy/,
    );
  });

  it('a number that is none', async () => {
    await writeNpy('nan.npy', 32, 784, (index) => (index === 1000 ? NaN : 0.5));
    expectFailure(
      await run(...withData('{file: nan.npy}')),
      2,
      /^error DATA_NOT_FINITE: .*nan\.npy holds NaN/,
    );
  });
});

describe('a run without a checkpoint', () => {
  it('leaves no folder where its data or its engine cannot be had', async () => {
    const out = ['--out', 'never'];
    expectFailure(await run(...withData('{file: missing.npy}')), 2, /^error DATA_FILE_MISSING/);
    expectFailure(await run(...withData('{file: missing.npy}'), ...out), 2, /^error DATA_FILE_MISSING/);
    expectFailure(
      await run('train', 'tiny.yaml', '--engine', 'onnx-cuda', ...out),
      1,
      /^error ENGINE_UNAVAILABLE/,
    );
    expect(existsSync(join(folder, 'never'))).toBe(false);
    expect(existsSync(join(folder, 'runs')) ? await readdir(join(folder, 'runs')) : []).toEqual([]);
  });

  it('begins anew where it was killed, and says so', async () => {
    // So slow that the signal arrives before the first epoch is done.
    const args = ['--engine', 'reference', '--set', 'local.iterations=50', '--log-level', 'debug'];
    const killed = await locoprop(['train', 'tiny.yaml', '--out', 'early', ...args], {
      cwd: folder,
      onStderr: (text, child) => {
        if (text.includes('step.done')) child.kill('SIGKILL');
      },
    });
    expect(killed.code).toBe('SIGKILL');
    expectFailure(
      await run('evaluate', 'early', '{dataset: curves, examples: 8}'),
      1,
      /^error STORE_NO_CHECKPOINT[^]*train --resume/,
    );
    const { code, stderr } = await run('train', '--resume', 'early', '--engine', 'onnx');
    expect(stderr).toContain('early has saved no checkpoint: it begins at step 0.');
    expect(stderr).toContain('epoch 1 done');
    expect(code).toBe(0);
  });

  it('goes on where it was stopped while it waited for workers', async () => {
    let sent = false;
    const stopped = await locoprop(['train', 'tiny.yaml', '--out', 'waited', '--listen', '127.0.0.1:0'], {
      cwd: folder,
      onStderr: (text, child) => {
        if (!sent && text.includes('waiting for workers')) sent = child.kill('SIGINT');
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('`locoprop train --resume waited`');
    expect(await documentOf(['train', '--resume', 'waited'], { cwd: folder })).toMatchObject({ epochs: 2 });
  });
});

describe('a run that cannot go on', () => {
  it.each(['tiny.yaml', 'tiny.yaml/run'])('in %s, as it is no folder, is refused', async (file) => {
    const begun = await run('train', 'tiny.yaml', '--out', file);
    expectFailure(begun, 2, /^error STORE_NO_FOLDER: tiny\.yaml\S* cannot be the folder of a run/);
    const resumed = await run('train', '--resume', file);
    expectFailure(
      resumed,
      2,
      /^error STORE_RUN_MISSING: tiny\.yaml\S* holds no run: it is, or lies below, a file/,
    );
  });

  it('because the disk is full keeps its checkpoint', async () => {
    const small = join(folder, 'small');
    await mkdir(small);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]).status === 0;
    if (mounted) onTestFinished(() => void execFileSync('umount', [small]));
    const first = [
      'train',
      'tiny.yaml',
      '--out',
      'small/run',
      '--set',
      'training.epochs=8',
      '--set',
      'training.stopAfterEpochs=1',
    ];
    await documentOf(first, { cwd: folder });

    // Where nothing can be mounted, no file may grow beyond 64 KiB: a checkpoint is larger.
    const prefix = mounted ? [] : ['sh', '-c', 'ulimit -f 128; exec "$0" "$@"'];
    const args = ['--set', 'training.stopAfterEpochs=null', '--set', 'checkpoints.keep=8'];
    const failed = await locoprop(['train', '--resume', 'small/run', ...args], { cwd: folder, prefix });
    expectFailure(
      failed,
      1,
      new RegExp(
        `^(.*\n)*error STORE_WRITE_FAILED: .*: ${mounted ? 'no space left on device' : 'file too large'}`,
      ),
    );

    expect(
      await documentOf(['evaluate', 'small/run', '{dataset: curves, examples: 8}'], { cwd: folder }),
    ).toHaveProperty('loss');
    if (mounted) execFileSync('mount', ['-o', 'remount,size=16m', small]);
    expect(await documentOf(['train', '--resume', 'small/run'], { cwd: folder })).toMatchObject({
      epochs: 8,
    });
  });

  it('passes over a damaged checkpoint, and says so', async () => {
    await documentOf(['train', 'tiny.yaml', '--out', 'damaged'], { cwd: folder });
    await truncate(join(folder, 'damaged/checkpoints/step-00000008.safetensors'), 100);
    const { code, stderr } = await run('train', '--resume', 'damaged');
    expect(code).toBe(0);
    expect(stderr).toContain('passed over the checkpoint checkpoints/step-00000008.safetensors: ');
    expect(stderr).toContain('tiny from step 4: ');
  });

  it('whose log is damaged says which line', async () => {
    const log = join(folder, 'good/events.jsonl');
    const lines = (await readFile(log, 'utf8')).split('\n');
    await writeFile(log, ['{"sequence":9}', ...lines.slice(1)].join('\n'));
    expectFailure(await run('train', '--resume', 'good'), 1, /error STORE_LOG_DAMAGED: Line 1 of /);
  });

  it('leaves the run to the process that has it', async () => {
    const lock = [
      'train',
      'tiny.yaml',
      '--out',
      'held',
      '--engine',
      'reference',
      '--set',
      'local.iterations=500',
    ];
    const seconds: Promise<Outcome>[] = [];
    await locoprop(lock, {
      cwd: folder,
      onStderr: (text, child) => {
        if (seconds.length > 0 || !text.includes('parameters')) return;
        const second = run('train', '--resume', 'held');
        seconds.push(second);
        void second.then(() => child.kill('SIGKILL'));
      },
    });
    expectFailure(await seconds[0]!, 1, /^error STORE_LOCKED: .*held is in use by process \d+/);
  });
});

describe('what nobody foresaw', () => {
  const plugin = `export default new Proxy([], { get() { throw new TypeError('surprise\\nsecond line'); } });`;

  it('is one line, and a trace where that is asked for', async () => {
    await writeFile(join(folder, 'plugin.mjs'), plugin);
    const args = ['train', 'tiny.yaml', '--set', 'plugins=[./plugin.mjs]'];
    const quiet = await run(...args);
    expect(quiet.stderr).not.toMatch(/^ +at /m);
    expect(quiet.stderr.match(/^error /gm)).toHaveLength(1);
    const loud = await locoprop(args, { cwd: folder, env: { LOCOPROP_TRACE: '1' } });
    expect(loud.stderr).toMatch(/^ +at /m);
  });

  it('a reader that closes the pipe is no failure', () => {
    const command = `${process.execPath} ${main} verify test/vectors --engine reference | head -n 1; exit \${PIPESTATUS[0]}`;
    const { status, stderr } = spawnSync('bash', ['-c', command], {
      encoding: 'utf8',
      cwd: join(main, '../../..'),
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
