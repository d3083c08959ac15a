import { readSecurity } from '#services/security/credentials.js';
import { X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentOf, locoprop } from '../cli/support.js';
import { temporaryFolder } from './support.js';

const PUBLIC = ['ca.pem', 'coordinator.pem', 'worker.pem'];
const SECRET = ['ca-key.pem', 'coordinator-key.pem', 'join-token', 'worker-key.pem'];
const ALL = [...PUBLIC, ...SECRET].toSorted();

const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777;

async function textsOf(folder: string): Promise<string[]> {
  return Promise.all(ALL.map((name) => readFile(join(folder, name), 'utf8')));
}

describe('locoprop certs', () => {
  it('writes what both roles can read, and tells what goes where', async () => {
    const cwd = await temporaryFolder();
    const { code, stdout, stderr } = await locoprop(['certs', 'deep/certs', '--host', 'trainer'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^Certificates, valid until \d{4}-\d\d-\d\d, for .* localhost, 127\.0\.0\.1, ::1, trainer\./,
    );
    expect(stdout).toMatch(/^to the coordinator +deep\/certs\/ca\.pem .*coordinator-key\.pem .*join-token$/m);
    expect(stdout).toMatch(/^to each worker +deep\/certs\/ca\.pem .*worker-key\.pem .*join-token$/m);
    expect(stdout).toMatch(/^to neither +deep\/certs\/ca-key\.pem$/m);
    expect(await readdir(join(cwd, 'deep'))).toEqual(['certs']);

    const folder = join(cwd, 'deep/certs');
    expect((await readdir(folder)).toSorted()).toEqual(ALL);
    for (const name of SECRET) expect([name, await modeOf(join(folder, name))]).toEqual([name, 0o600]);
    expect(await readFile(join(folder, 'join-token'), 'utf8')).toMatch(/^[\w-]{43}\n$/);
    for (const role of ['coordinator', 'worker'] as const) {
      const security = await readSecurity({
        role,
        tls: folder,
        tokenFile: join(folder, 'join-token'),
        environment: {},
      });
      expect(security.tls && security.token?.length).toBe(43);
    }
  });

  it('gives secrets their mode whatever the umask is', async () => {
    const cwd = await temporaryFolder();
    const prefix = ['sh', '-c', 'umask 000; exec "$0" "$@"'];
    await documentOf(['certs', 'certs'], { cwd, prefix });
    for (const name of SECRET) expect(await modeOf(join(cwd, 'certs', name))).toBe(0o600);
    for (const name of PUBLIC) expect(await modeOf(join(cwd, 'certs', name))).toBe(0o644);
  });

  it('prints a document, and takes days and several hosts', async () => {
    const cwd = await temporaryFolder();
    const hosts = ['--host', 'trainer.example.org', '--host', '10.0.0.5'];
    const document = await documentOf(['certs', 'certs', '--days', '3', ...hosts], { cwd });
    expect(document).toMatchObject({
      folder: 'certs',
      hosts: ['localhost', '127.0.0.1', '::1', 'trainer.example.org', '10.0.0.5'],
      keep: ['certs/ca-key.pem'],
    });
    const of = (role: string) =>
      ['ca.pem', `${role}.pem`, `${role}-key.pem`, 'join-token'].map((name) => `certs/${name}`);
    expect([document['coordinator'], document['worker']]).toEqual([of('coordinator'), of('worker')]);
    const own = new X509Certificate(await readFile(join(cwd, 'certs/coordinator.pem')));
    expect(own.checkIP('10.0.0.5')).toBe('10.0.0.5');
    expect(Math.abs(Date.parse(document['expires'] as string) - Date.parse(own.validTo))).toBeLessThan(1000);
    expect(Math.abs(Date.parse(own.validTo) - Date.now() - 3 * 86_400_000)).toBeLessThan(120_000);
  });

  it('replaces nothing unasked, and then everything', async () => {
    const cwd = await temporaryFolder();
    const folder = join(cwd, 'certs');
    await mkdir(folder);
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await documentOf(['certs', 'certs'], { cwd });
    const before = await textsOf(folder);
    const refused = await locoprop(['certs', 'certs'], { cwd });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^error CLI_FILE_EXISTS: The file certs\/\S+ exists already/);
    expect(await textsOf(folder)).toEqual(before);
    await documentOf(['certs', 'certs', '--force'], { cwd });
    const after = await textsOf(folder);
    for (const [i, text] of after.entries()) expect(text).not.toBe(before[i]);
    expect((await readdir(folder)).toSorted()).toEqual([...ALL, 'notes.txt'].toSorted());
    expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
  });

  it('leaves everything as it is where one file cannot be replaced', async () => {
    const cwd = await temporaryFolder();
    await mkdir(join(cwd, 'certs/worker.pem'), { recursive: true });
    await writeFile(join(cwd, 'certs/ca.pem'), 'mine');
    const { code, stderr } = await locoprop(['certs', 'certs', '--force'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error STORE_WRITE_FAILED: Cannot write certs: worker\.pem in it is a folder/);
    expect((await readdir(join(cwd, 'certs'))).toSorted()).toEqual(['ca.pem', 'worker.pem']);
    expect(await readFile(join(cwd, 'certs/ca.pem'), 'utf8')).toBe('mine');
  });

  it.each([
    [[], 2, /^error CLI_USAGE: .*dir/],
    [['certs', '--days', '0'], 2, /^error CLI_USAGE: .*positive whole number/],
    [['certs', '--days', '36501'], 2, /^error CLI_USAGE: .*at most 36500/],
    [
      ['certs', '--host', 'trainer:7000'],
      2,
      /^error CLUSTER_HOST_INVALID: "trainer:7000" .*\n.*without a port/,
    ],
    [['file'], 1, /^error STORE_READ_FAILED: Cannot read file: not a directory/],
    [['file/certs'], 1, /^error STORE_\w+_FAILED: Cannot \w+ file\/certs: not a directory/],
  ])('refuses %j', async (args, exitCode, message) => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'file'), '');
    const { code, stderr } = await locoprop(['certs', ...args], { cwd });
    expect(stderr).toMatch(message);
    expect(code).toBe(exitCode);
    expect(await readdir(cwd)).toEqual(['file']);
  });
});
