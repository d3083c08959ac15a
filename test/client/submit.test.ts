import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseYaml } from '#services/configuration/yaml-text.js';
import { tinySpec } from '../cli/support.js';
import { CommandLine, documentOf } from './command-line.js';
import { refuse } from './fake-coordinator.js';

const line = new CommandLine();

/** The spec that a submit has sent. */
const sent = (): Record<string, unknown> => {
  const last = line.server.seen.findLast(({ method, url }) => method === 'POST' && url === '/v1/jobs');
  return parseYaml(last!.body.toString(), 'sent') as Record<string, unknown>;
};

const digestOf = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

describe('locoprop submit', () => {
  it('submits the spec with what --set says, and tells how to follow it', async () => {
    const { code, stdout } = await line.run('submit', 'tiny.yaml', '--set', 'seed=7');
    expect(code).toBe(0);
    expect(stdout).toContain('job1 (tiny): queued, next in the queue\n');
    expect(stdout).toContain('locoprop status job1 --follow');
    expect(sent()).toMatchObject({ name: 'tiny', seed: 7, data: { train: { dataset: 'curves' } } });
    expect(documentOf(await line.run('submit', 'tiny.yaml', '--json'))).toMatchObject({
      job: { id: 'job2' },
      uploads: [],
    });
  });

  it('refuses a wrong spec, or one that names a missing file, before it sends anything', async () => {
    for (const [set, code] of [
      ['training.epochs=none', 'SPEC_INVALID'],
      ['data.test={file: nowhere.csv}', 'DATA_FILE_MISSING'],
      ['initialWeights=nowhere.safetensors', 'DATA_FILE_MISSING'],
      ['data.train={file: .}', 'DATA_FILE_UNREADABLE'],
    ] as const) {
      const outcome = await line.run('submit', 'tiny.yaml', '--set', set, '--json');
      expect(documentOf(outcome)).toMatchObject({ error: { code } });
    }
    expect(await line.run('submit', 'nowhere.yaml')).toMatchObject({ code: 2 });
    expect(line.server.seen).toEqual([]);
  });

  it('uploads the files that the spec names, each once, and names them by their digests', async () => {
    const data = Buffer.from('a,b,label\n1,2,0\n3,4,1\n');
    const inputs = Buffer.from('not really an array, which is for the coordinator to find out');
    const labels = Buffer.from('nor these');
    const weights = Buffer.from('weights');
    await mkdir(join(line.cwd, 'specs/files'), { recursive: true });
    for (const [name, content] of [
      ['data.csv', data],
      ['files/x.npy', inputs],
      ['files/y.npy', labels],
      ['w.safetensors', weights],
    ] as const)
      await writeFile(join(line.cwd, 'specs', name), content);
    await writeFile(join(line.cwd, 'specs/job.yaml'), tinySpec);
    const args = [
      ...['submit', 'specs/job.yaml', '--set', 'data.train={file: data.csv, labels: label}'],
      ...['--set', `data.test={file: ${join(line.cwd, 'specs/files/x.npy')}, labels: files/y.npy}`],
      ...['--set', 'initialWeights=w.safetensors'],
    ];
    const { code, stderr } = await line.run(...args);
    expect(code).toBe(0);
    expect(stderr.match(/^uploading /gm)).toHaveLength(4);
    expect(line.server.datasets.get(digestOf(data))).toEqual({ name: 'data.csv', content: data });
    expect(line.server.datasets.size).toBe(4);
    expect(sent()).toMatchObject({
      data: {
        // The name tells no format any more.
        train: { file: `upload:${digestOf(data)}`, labels: 'label', format: 'csv' },
        test: { file: `upload:${digestOf(inputs)}`, labels: `upload:${digestOf(labels)}`, format: 'npy' },
      },
      initialWeights: `upload:${digestOf(weights)}`,
    });
    const again = await line.run(...args, '--json');
    expect(again.stderr).toBe('');
    expect(documentOf(again)).toMatchObject({
      job: { id: 'job2' },
      uploads: Array.from({ length: 4 }, () => ({ known: true })),
    });
    expect(line.server.count('POST', '/v1/datasets')).toBe(4);
  });

  it('uploads the same file once where it is named twice, over a connection that breaks', async () => {
    const content = Buffer.alloc(3_000_000, 7);
    await writeFile(join(line.cwd, 'large.npy'), content);
    line.server.faults.push(({ method }, response) => {
      if (method === 'POST') response.socket?.resetAndDestroy();
      return method === 'POST';
    });
    const args = ['--set', 'data.train={file: large.npy}', '--set', 'data.test={file: large.npy}'];
    expect(await line.run('submit', 'tiny.yaml', ...args)).toMatchObject({ code: 0 });
    expect([...line.server.datasets.keys()]).toEqual([digestOf(content)]);
    expect(line.server.count('POST', '/v1/datasets')).toBe(2);
  });

  it('leaves paths as they are with --no-upload, and uploads that the spec names', async () => {
    expect(
      await line.run('submit', 'tiny.yaml', '--no-upload', '--set', 'data.train={file: /theirs/a.csv}'),
    ).toMatchObject({
      code: 0,
    });
    expect(sent()).toMatchObject({ data: { train: { file: '/theirs/a.csv' } } });
    const file = `upload:${digestOf('')}`;
    expect(
      await line.run('submit', 'tiny.yaml', '--set', `data.train={file: "${file}", format: csv}`),
    ).toMatchObject({
      code: 0,
    });
    expect(sent()).toMatchObject({ data: { train: { file } } });
    expect(line.server.count('POST', '/v1/datasets')).toBe(0);
  });

  it('uploads the newest checkpoint of a run whose folder is named', async () => {
    const quick = ['--set', 'training.epochs=1', '--set', 'engine.name=reference'];
    expect(await line.run('train', 'tiny.yaml', '--out', 'run', ...quick)).toMatchObject({ code: 0 });
    expect(await line.run('submit', 'tiny.yaml', '--set', 'initialWeights=run')).toMatchObject({ code: 0 });
    const names = (await readdir(join(line.cwd, 'run/checkpoints'))).filter(
      (name) => name !== 'best.safetensors',
    );
    const content = await readFile(join(line.cwd, 'run/checkpoints', names.toSorted().at(-1)!));
    expect(sent()).toMatchObject({ initialWeights: `upload:${digestOf(content)}` });
  });

  it('ends with what the coordinator says of a refused spec, and its exit code', async () => {
    line.server.faults.push((_, response) =>
      refuse(response, [403, 'JOB_PATH_REFUSED', 'The spec names /etc/passwd.']),
    );
    const { code, stderr } = await line.run('submit', 'tiny.yaml');
    expect(code).toBe(2);
    expect(stderr).toBe('error JOB_PATH_REFUSED: The spec names /etc/passwd.\nRemedy of JOB_PATH_REFUSED.\n');
  });
});
