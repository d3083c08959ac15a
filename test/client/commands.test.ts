import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeCertificates } from '#services/security/certificates.js';
import { freePort } from '../support/processes.js';
import { CommandLine, documentOf } from './command-line.js';
import { refuse, type Fault } from './fake-coordinator.js';
import { coordinator } from './support.js';

const line = new CommandLine();

const localTime: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);

describe('commands', () => {
  it('list jobs, of some states, and say where there are more', async () => {
    for (let index = 1; index <= 3; index += 1)
      line.server.addJob(`job${index}`, { state: 'queued', position: 3 - index });
    line.server.addJob('job4', { coordinator: 'here' });
    const { code, stdout, stderr } = await line.run('jobs', '--limit', '3');
    expect([code, stderr]).toEqual([0, 'There are more: see --limit.\n']);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
      ['job', 'state', 'submitted'],
      ['job4', 'running, on here', localTime],
      ['job3', 'queued, next in the queue', localTime],
      ['job2', 'queued, 1 job before it', localTime],
      [''],
    ]);
    const document = documentOf(
      await line.run('jobs', '--state', 'running,paused', '--state', 'failed', '--json'),
    );
    expect(document).toMatchObject({ jobs: [{ id: 'job4' }], more: false });
    expect(await line.run('jobs', '--state', 'runing')).toMatchObject({ code: 2 });
    line.server.jobs.clear();
    expect((await line.run('jobs')).stdout).toBe('There are no such jobs.\n');
  });

  it('tell the state of a job with its files and its history', async () => {
    const failure = {
      code: 'JOB_TIME_LIMIT',
      message: 'It ran long.',
      remedy: 'Resume it.',
      retryable: false,
    };
    line.server.addJob('job1', { state: 'failed', failure }).artifacts.set('loss.svg', Buffer.from('<svg/>'));
    const { code, stdout } = await line.run('status', 'job1');
    expect(code).toBe(0);
    for (const text of ['job1 (tiny)', 'JOB_TIME_LIMIT: It ran long.', 'Resume it.', 'loss.svg', 'accepted'])
      expect(stdout).toContain(text);
    expect(documentOf(await line.run('status', 'job1', '--json'))).toMatchObject({
      spec: { name: 'tiny' },
      artifacts: [{ name: 'loss.svg', bytes: 6 }],
    });
  });

  it('show the loss over the training data, and that of a batch as such before there is one', async () => {
    const begun = {
      ...{ step: 5, steps: 10, epoch: 0, epochs: 2, loss: 464.5, trainLoss: null, testLoss: null },
      ...{ examplesPerSecond: null, secondsLeft: null },
    };
    line.server.addJob('begun', { progress: begun });
    line.server.addJob('evaluated', { progress: { ...begun, epoch: 1, trainLoss: 437.9, testLoss: 437.3 } });
    expect((await line.run('status', 'begun')).stdout).toContain('step 5/10, batch loss 464.5\n');
    expect((await line.run('status', 'evaluated')).stdout).toContain(
      'step 5/10, train loss 437.9, test loss 437.3\n',
    );
    const { stdout } = await line.run('jobs');
    const [head, evaluated, first] = stdout.split('\n').map((row) => row.split(/ {2,}/));
    expect(head!.slice(4)).toEqual(['train loss', 'test loss', 'left']);
    expect(evaluated!.slice(4)).toEqual(['437.9', '437.3']);
    expect(first!.slice(4)).toEqual(['464.5 (batch)']);
  });

  it('say of a job that runs what it waits for', async () => {
    const progress = {
      ...{ step: 0, steps: 10, epoch: 0, epochs: 2, loss: null, trainLoss: null, testLoss: null },
      ...{ examplesPerSecond: null, secondsLeft: null, waiting: 'no worker has joined yet' },
    };
    line.server.addJob('job1', { coordinator: 'vm', progress });
    line.server.addJob('job2', { state: 'paused', progress });
    const waiting = /job1 .*running, on vm, waiting for workers: no worker has joined yet/s;
    expect((await line.run('status', 'job1')).stdout).toMatch(waiting);
    const { stdout } = await line.run('jobs');
    expect(stdout).toMatch(waiting);
    expect(stdout.match(/waiting/g)).toHaveLength(1);
  });

  it('pause, resume, cancel and delete a job, and pass on why not', async () => {
    line.server.addJob('job1');
    expect((await line.run('pause', 'job1')).stdout).toBe('job1 (tiny): paused\n');
    expect(documentOf(await line.run('resume', 'job1', '--json'))).toMatchObject({ state: 'queued' });
    expect((await line.run('cancel', 'job1')).stdout).toBe('job1 (tiny): cancelled\n');
    const refused = await line.run('pause', 'job1', '--json');
    expect(refused.code).toBe(1);
    expect(documentOf(refused)).toEqual({
      error: {
        code: 'JOB_STATE_CONFLICT',
        message: 'The job job1 is cancelled; it cannot become paused.',
        remedy: 'Remedy of JOB_STATE_CONFLICT.',
        retryable: false,
      },
    });
    expect((await line.run('delete', 'job1')).stdout).toBe('job1 is deleted\n');
    expect(await line.run('status', 'job1')).toMatchObject({ code: 1 });
  });

  it('list workers', async () => {
    expect((await line.run('workers')).stdout).toBe('There are no workers.\n');
    line.server.workers.push({
      ...{
        worker: 'w1',
        host: 'h',
        engine: 'onnx',
        threads: 2,
        memoryBytes: 2 ** 31,
        gflops: 72,
        bandwidth: 4e8,
      },
      ...{
        joinedAt: '2026-01-01T00:00:00.000Z',
        leaving: true,
        solves: 1200,
        busySeconds: 61,
        bytes: 0,
        parts: [],
        timeline: [],
      },
    });
    const { stdout } = await line.run('workers');
    expect(stdout).toMatch(/^w1 +onnx +2 +72 +400 +2 GiB +1,200 +1 min 01 s +0 +leaving$/m);
    expect(documentOf(await line.run('workers', '--json'))).toMatchObject({ workers: [{ worker: 'w1' }] });
  });

  it('download the files of a job, whole, and no checkpoint twice', async () => {
    const { artifacts } = line.server.addJob('job1');
    artifacts.set('spec 1 ö.yaml', Buffer.from('name: tiny\n'));
    artifacts.set('checkpoints/step-00000001.safetensors', Buffer.alloc(2_000_000, 1));
    // The first answer to a download breaks off.
    line.server.faults.push(({ url }, response) => {
      if (!url.includes('/artifacts/check')) return false;
      response.writeHead(200, { 'content-length': '2000000' });
      response.write(Buffer.alloc(1000));
      setTimeout(() => response.socket?.resetAndDestroy(), 50);
      return true;
    });
    const first = await line.run('download', 'job1', 'here');
    expect([first.code, first.stdout]).toEqual([0, '2 files in here\n']);
    const files = await readdir(join(line.cwd, 'here'), { recursive: true });
    expect(files.toSorted()).toEqual([
      'checkpoints',
      'checkpoints/step-00000001.safetensors',
      'spec 1 ö.yaml',
    ]);
    for (const [name, content] of artifacts)
      expect(content.equals(await readFile(join(line.cwd, 'here', name)))).toBe(true);
    const before = new Date('2026-01-01');
    await utimes(join(line.cwd, 'here/checkpoints/step-00000001.safetensors'), before, before);
    // As long as before.
    artifacts.set('spec 1 ö.yaml', Buffer.from('name: tinz\n'));
    const again = await line.run('download', 'job1', 'here', '--json');
    expect(documentOf(again)).toMatchObject({ folder: 'here', files: [{ known: false }, { known: true }] });
    expect((await stat(join(line.cwd, 'here/checkpoints/step-00000001.safetensors'))).mtime).toEqual(before);
    expect(await readFile(join(line.cwd, 'here/spec 1 ö.yaml'), 'utf8')).toBe('name: tinz\n');
  });

  it('download what is there when a checkpoint is gone before its turn', async () => {
    const { artifacts } = line.server.addJob('job1');
    artifacts.set('checkpoints/step-00000001.safetensors', Buffer.from('one'));
    artifacts.set('spec.yaml', Buffer.from('name: tiny\n'));
    line.server.faults.push(({ url }) => {
      if (!url.includes('/artifacts/check')) return false;
      artifacts.delete('checkpoints/step-00000001.safetensors');
      artifacts.set('checkpoints/step-00000002.safetensors', Buffer.from('two'));
      return false;
    });
    const outcome = await line.run('download', 'job1', 'running');
    expect([outcome.code, outcome.stdout]).toEqual([0, '2 files in running\n']);
    const files = await readdir(join(line.cwd, 'running'), { recursive: true });
    expect(files.toSorted()).toEqual(['checkpoints', 'checkpoints/step-00000002.safetensors', 'spec.yaml']);
  });

  it('do not download a file for ever that is listed and not there', async () => {
    line.server.addJob('job1').artifacts.set('spec.yaml', Buffer.from('name: tiny\n'));
    const missing: Fault = ({ url }, response) =>
      url.endsWith('/artifacts/spec.yaml') ? refuse(response, [404, 'ARTIFACT_UNKNOWN', 'Gone.']) : false;
    line.server.faults.push(missing, missing);
    const outcome = await line.run('download', 'job1', 'missing', '--json');
    expect(documentOf(outcome)).toMatchObject({ error: { code: 'ARTIFACT_UNKNOWN' } });
  });

  it.each(['../escaped', '/etc/escaped', 'a/../../escaped', 'a\\..\\escaped', ''])(
    'download nothing where a file is called "%s"',
    async (name) => {
      line.server.addJob('job1').artifacts.set('ok', Buffer.from('ok')).set(name, Buffer.from('bad'));
      const outcome = await line.run('download', 'job1', 'confined', '--json');
      expect(documentOf(outcome)).toMatchObject({ error: { code: 'SERVICE_ANSWER_INVALID' } });
      expect(await readdir(line.cwd)).not.toContain('confined');
      expect(line.server.seen).toHaveLength(1);
    },
  );

  it('need a token where the coordinator asks for one', async () => {
    line.env['LOCOPROP_TOKEN'] = undefined;
    expect(await line.run('jobs')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('TOKEN_MISSING') as string,
    });
    const file = join(line.cwd, 'token');
    await writeFile(file, 'secret\n', { mode: 0o600 });
    expect(await line.run('jobs', '--token-file', file)).toMatchObject({ code: 0 });
    await writeFile(file, 'wrong\n');
    expect(await line.run('jobs', '--token-file', file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('TOKEN_INVALID') as string,
    });
  });

  it('say so where nobody answers', async () => {
    const outcome = await line.run('jobs', '--server', `http://127.0.0.1:${await freePort()}`, '--json');
    expect(outcome.code).toBe(1);
    expect(documentOf(outcome)).toMatchObject({ error: { code: 'SERVICE_UNREACHABLE', retryable: true } });
  });

  it('trust a coordinator whose certificate is of an authority of its own with --ca, and else not', async () => {
    const { authority, coordinator: own } = await makeCertificates({ hosts: ['127.0.0.1'] });
    const secure = await coordinator({ key: own.key, cert: own.certificate });
    await writeFile(join(line.cwd, 'ca.pem'), authority.certificate);
    line.env['LOCOPROP_URL'] = secure.url;
    expect(await line.run('jobs', '--ca', 'ca.pem')).toMatchObject({
      code: 0,
      stdout: 'There are no such jobs.\n',
    });
    const refused = await line.run('jobs');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^error SERVICE_UNTRUSTED: .*\n.* with --ca\.\n$/);
  });
});
