import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { version } from '#cli/command-line.js';
import { folderWithSpec } from '../cli/support.js';
import { start } from '../support/processes.js';
import { complaintAbout, listed, parseLines, type Line } from './lines.js';

/*
 * What real processes write is what docs/logs.md lists: the page is read, not the table that it is made of.
 */

let folder: string;
beforeAll(async () => {
  folder = await folderWithSpec();
});

const epochs = (count: number): string[] => ['--set', `training.epochs=${count}`];
const of = (lines: readonly Line[], type: string): Line[] => lines.filter(({ msg }) => msg === type);

/** Children of a process, by what they are. */
async function workersOf(pid: number): Promise<{ pid: number; name: string }[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const found = children
    .trim()
    .split(' ')
    .map(async (child) => {
      const args = (await readFile(`/proc/${child}/cmdline`, 'utf8')).split('\0');
      return { pid: Number(child), name: args[args.indexOf('--name') + 1] ?? '' };
    });
  return Promise.all(found);
}

describe('the log of a run', () => {
  it('has what docs/logs.md lists, also where a worker is killed', async () => {
    const args = [
      'train',
      'tiny.yaml',
      '--out',
      'killed',
      '--workers',
      '2',
      '--log-level',
      'debug',
      '--json',
    ];
    const run = start([...args, ...epochs(40)], { cwd: folder });
    await run.waitFor('stderr', /"step":3,[^\n]*step\.done/);
    const workers = await workersOf(run.pid);
    expect(workers.map(({ name }) => name).toSorted()).toEqual(['local-1', 'local-2']);
    const victim = workers.find(({ name }) => name === 'local-2')!;
    process.kill(victim.pid, 'SIGKILL');
    const { code, stderr } = await run.waitForEnd();
    expect(code).toBe(0);

    const lines = parseLines(stderr);
    expect(lines.map(complaintAbout).filter((complaint) => complaint !== null)).toEqual([]);
    for (const line of lines) expect(line).toMatchObject({ service: 'train', version: version() });
    const events = lines.filter(({ msg }) => msg !== 'note');
    expect(events.map((line) => line['sequence'])).toEqual(events.map((_, index) => index + 1));
    expect(of(lines, 'worker.lost')).toMatchObject([{ level: 'warn', worker: 'local-2' }]);
    // Its workers end with the run, too: that is no restart.
    expect(of(lines, 'worker.restarted')).toMatchObject([
      { level: 'warn', worker: 'local-2', reason: 'it was ended by SIGKILL', delayMs: 200 },
    ]);
    expect(of(lines, 'step.done')).toHaveLength(160);
    for (const type of ['run.started', 'plan.made', 'epoch.done', 'checkpoint.saved', 'run.ended'])
      expect(of(lines, type)).not.toEqual([]);
  });

  it('follows SIGUSR2 to the debug level and back', async () => {
    const args = ['train', 'tiny.yaml', '--out', 'toggled', '--log-level', 'info', '--json'];
    const run = start([...args, ...epochs(100_000)], { cwd: folder });
    await run.waitFor('stderr', /epoch\.done/);
    run.signal('SIGUSR2');
    await run.waitFor('stderr', /step\.done/);
    run.signal('SIGUSR2');
    await run.waitFor('stderr', /"from":"debug","to":"info"/);
    await run.waitFor('stderr', (text) => /epoch\.done/.test(text.slice(text.indexOf('"to":"info"'))));
    run.signal('SIGTERM');
    const { code, stderr } = await run.waitForEnd();
    expect(code).toBe(143);
    const lines = parseLines(stderr);
    expect(lines.map(complaintAbout).filter((complaint) => complaint !== null)).toEqual([]);
    const [to, back] = of(lines, 'log.level').map((line) => lines.indexOf(line));
    const steps = of(lines, 'step.done').map((line) => lines.indexOf(line));
    expect(steps.length).toBeGreaterThan(0);
    expect(steps.filter((index) => index < to! || index > back!)).toEqual([]);
  });

  it('is for people where that is asked for', async () => {
    const args = [
      'train',
      'tiny.yaml',
      '--out',
      'pretty',
      '--log-level',
      'info',
      '--pretty',
      '--engine',
      'onnx',
    ];
    const { code, stderr } = await start([...args, ...epochs(1)], { cwd: folder }).waitForEnd();
    expect(code).toBe(0);
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: run\.started {2}job=tiny engine=onnx .* step=0$/);
    expect(lines[3]).toMatch(/INFO: run\.ended {2}outcome=completed/);
  });
});

describe('the log of a worker', () => {
  it('has what docs/logs.md lists, and no word of its token', async () => {
    const token = 'join-me-and-tell-nobody-0123456789';
    await writeFile(join(folder, 'token'), token, { mode: 0o600 });
    const secured = ['--token-file', 'token'];
    const listen = ['train', 'tiny.yaml', '--out', 'dialled', '--listen', '127.0.0.1:0', ...epochs(2)];
    const run = start([...listen, ...secured], { cwd: folder });
    const text = await run.waitFor('stderr', /at 127\.0\.0\.1:\d+/);
    const address = /at (127\.0\.0\.1:\d+)/.exec(text)![1]!;
    const args = ['worker', '--coordinator', address, '--name', 'w1', '--once', '--log-level', 'debug'];
    const worker = start([...args, ...secured], { cwd: folder });
    const { code, stderr } = await worker.waitForEnd();
    expect(code).toBe(0);
    expect((await run.waitForEnd()).code).toBe(0);

    const lines = parseLines(stderr);
    expect(lines.map(complaintAbout).filter((complaint) => complaint !== null)).toEqual([]);
    for (const line of lines) expect(line).toMatchObject({ service: 'worker', version: version() });
    const types = new Set(lines.map(({ msg }) => msg));
    for (const type of ['worker.started', 'worker.joined', 'part.loaded', 'part.solved', 'worker.ended'])
      expect(types).toContain(type);
    expect(of(lines, 'part.solved')[0]).toMatchObject({ worker: 'w1', step: 1, redo: 1 });
    expect(stderr).not.toContain(token);
  });
});

describe('the log of a coordinator', () => {
  it('has what keeps it from starting, as a line too', async () => {
    const addresses = ['--http', '127.0.0.1:0', '--grpc', 'none', '--listen', '127.0.0.1:0'];
    const args = ['coordinator', '--store', 'unused', '--redis', 'redis://127.0.0.1:1', ...addresses];
    const { code, stderr } = await start(args, { cwd: folder }).waitForEnd();
    expect(code).toBe(1);
    const lines = parseLines(stderr);
    expect(lines.map(complaintAbout).filter((complaint) => complaint !== null)).toEqual([]);
    expect(lines).toMatchObject([
      { level: 'error', service: 'coordinator', code: 'QUEUE_UNAVAILABLE', msg: 'process.failed' },
    ]);
  });
});

describe.each(['coordinator', 'up'])('the last words of `%s` with a wrong setting', (command) => {
  const env = { LOCOPROP_JOBS: 'many' };
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await start([command, ...args], { cwd: folder, env }).waitForEnd();
    expect([code, stdout]).toEqual([2, '']);
    return stderr;
  };
  const plain = /^error SETTING_INVALID: LOCOPROP_JOBS sets jobs to "many"/;

  it('are one line of its log', async () => {
    for (const args of [[], ['--log-level', 'error'], ['--log-level', 'loud'], ['--http', 'nowhere']]) {
      const lines = parseLines(await refused(...args));
      expect(lines.map(complaintAbout)).toEqual([null]);
      const own = { level: 'error', service: 'coordinator', msg: 'process.failed' };
      expect(lines).toMatchObject([{ ...own, code: 'SETTING_INVALID' }]);
      expect(lines[0]!['reason']).toContain('LOCOPROP_JOBS sets jobs to "many"');
    }
  });

  it('are so with a file that cannot be read, too', async () => {
    await writeFile(join(folder, 'broken.yaml'), 'jobs: [');
    const lines = parseLines(await refused('--config', 'broken.yaml'));
    expect(lines).toMatchObject([{ msg: 'process.failed', code: 'SPEC_SYNTAX' }]);
  });

  it('are for people where the log is, or where there is none', async () => {
    expect(await refused('--pretty')).toMatch(plain);
    expect(await refused('--log-level', 'silent')).toMatch(plain);
    await writeFile(join(folder, 'pretty.yaml'), 'pretty: true\n');
    expect(await refused('--config', 'pretty.yaml')).toMatch(plain);
  });
});

describe('docs/logs.md', () => {
  it('lists what a reader looks for', () => {
    expect([...listed.keys()]).toEqual(['Jobs', 'Runs', 'The coordinator', 'Workers']);
    expect([...listed.values()].reduce((sum, { size }) => sum + size, 0)).toBeGreaterThan(50);
    expect(listed.get('Runs')!.get('guard.redone')).toEqual({
      level: 'warn',
      always: ['step', 'layer', 'redo', 'learningRateFactor', 'objectiveBefore', 'objectiveAfter'],
      sometimes: ['sequence', 'jobId', 'attempt', 'fence'],
    });
  });
});
