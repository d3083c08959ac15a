import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { locoprop, main, temporaryFolder } from '../cli/support.js';
import { startCoordinator } from './coordinator.js';

const folder = await temporaryFolder();

/** A worker as a process of its own, which ends with the test. */
function startWorker(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [main, 'worker', '--threads', '1', ...args], {
    env: { ...process.env, ...env },
    stdio: 'pipe',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: (code ?? signal) as number | string,
    ...output,
  }));
  return { child, ended };
}

/** Stands still, with all places of those that wait taken: who connects gets neither an answer nor a refusal. */
async function startDeafServer(): Promise<{ readonly port: number }> {
  const listen = `require('node:net').createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, function () {
    process.send(this.address().port);
  })`;
  const server = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  onTestFinished(() => void server.kill('SIGKILL'));
  const [port] = (await once(server, 'message')) as [number];
  server.kill('SIGSTOP');
  for (let full = false; !full;) {
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    full = await Promise.race([once(socket, 'connect').then(() => false), sleep(500).then(() => true)]);
  }
  return { port };
}

const messagesOf = (log: string): string[] =>
  log
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { msg: string }).msg);

describe('the command worker', () => {
  it('serves one run with --once, writes a log and tells what it did', async () => {
    const { address, worker } = await startCoordinator();
    const { ended } = startWorker([
      '--coordinator',
      address,
      '--once',
      '--name',
      'mine',
      '--memory',
      '1.5MiB',
      '--json',
    ]);
    const connection = await worker();
    expect(connection.hello).toMatchObject({ name: 'mine', threads: 1, memoryBytes: 1.5 * 2 ** 20 });
    await connection.message('heartbeat');
    connection.send({ message: 'goodbye', goodbye: { reason: 'the run has ended', runEnded: true } });
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ name: 'mine', runs: 1, solves: 0, busySeconds: 0 });
    expect(messagesOf(stderr)).toEqual([
      'worker.started',
      'worker.joined',
      'worker.dismissed',
      'worker.ended',
    ]);
  });

  it('leaves in good order at SIGTERM', async () => {
    const { address, worker } = await startCoordinator();
    const { child, ended } = startWorker(['--coordinator', address, '--log-level', 'silent']);
    const connection = await worker();
    await connection.message('ready');
    child.kill('SIGTERM');
    await connection.message('leaving');
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/: 0 local problems of 0 runs that ended/);
    expect(stderr).toBe('');
  });

  it('takes the level of its log from the environment and from a file, as a coordinator does', async () => {
    const { address, worker } = await startCoordinator();
    const config = join(folder, 'worker.yaml');
    await writeFile(config, 'logLevel: debug\n');
    const environment = { LOCOPROP_CONFIG: config, LOCOPROP_LOG_LEVEL: 'error' };
    const { child, ended } = startWorker(['--coordinator', address], environment);
    const connection = await worker();
    await connection.message('ready');
    child.kill('SIGTERM');
    await connection.message('leaving');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('is not started with a setting that is wrong', async () => {
    const environment = { LOCOPROP_LOG_LEVEL: 'loud', LOCOPROP_JOB: '2' };
    const { code, stderr } = await startWorker(['--coordinator', 'localhost:1'], environment).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /SETTING_INVALID: the environment sets LOCOPROP_JOB .*did you mean "LOCOPROP_JOBS"/,
    );
    expect(stderr).toMatch(/^LOCOPROP_LOG_LEVEL sets logLevel to "loud"/m);
  });

  it('writes nothing but lines of JSON where nobody watches', async () => {
    const { address, worker } = await startCoordinator();
    const { child, ended } = startWorker(['--coordinator', address]);
    const connection = await worker();
    await connection.message('ready');
    child.kill('SIGTERM');
    await connection.message('leaving');
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    expect(stdout).toBe('');
    expect(messagesOf(stderr)).toContain('worker.ended');
  });

  it('ends with the process that has started it', async () => {
    const { address, worker } = await startCoordinator();
    const { child, ended } = startWorker(['--coordinator', address], { LOCOPROP_PARENT_PIPE: '1' });
    const connection = await worker();
    await connection.message('ready');
    child.stdin.end();
    expect(await ended).toEqual({ code: 'SIGTERM', stdout: '', stderr: '' });
    await connection.end();
  });

  it('fails with a token that the coordinator does not know', async () => {
    const { address } = await startCoordinator({ security: { tls: null, token: 'right' } });
    const file = join(folder, 'token');
    await writeFile(file, 'wrong\n', { mode: 0o600 });
    const args = ['worker', '--coordinator', address, '--token-file', file, '--log-level', 'silent'];
    const { code, stderr } = await locoprop(args);
    expect(stderr).toMatch(/^error CLUSTER_TOKEN_REFUSED: /);
    expect(code).toBe(1);
  });

  it.each([
    [[], /CLI_USAGE: .*--coordinator/],
    [['--coordinator', 'nowhere'], /CLUSTER_ADDRESS_INVALID: "nowhere"/],
    [['--coordinator', '10.0.0.1:7000'], /CLUSTER_INSECURE: The address 10\.0\.0\.1:7000/],
    [['--coordinator', 'localhost:1', '--memory', 'much'], /CLI_USAGE: .*'much' is invalid/],
    [['--coordinator', 'localhost:1', '--threads', '0'], /CLI_USAGE: .*positive whole number/],
    [['--coordinator', 'localhost:1', '--tls', join(folder, 'none')], /CLUSTER_CREDENTIALS_INVALID/],
  ])('refuses wrong use: %j', async (args, message) => {
    const { code, stderr } = await locoprop(['worker', '--log-level', 'silent', ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('ends at once when it is asked to while an address swallows its connection', async () => {
    const { port } = await startDeafServer();
    const { child, ended } = startWorker(['--coordinator', `127.0.0.1:${port}`]);
    child.stderr.on('data', (text: string) => {
      if (text.includes('worker.started')) setTimeout(() => child.kill('SIGTERM'), 500);
    });
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(messagesOf(stderr)).toEqual(['worker.started', 'worker.ended']);
  });

  it('tells in its log what ends it', async () => {
    const { address } = await startCoordinator({ security: { tls: null, token: 'right' } });
    const file = join(folder, 'other-token');
    await writeFile(file, 'wrong\n', { mode: 0o600 });
    const { code, stderr } = await locoprop(['worker', '--coordinator', address, '--token-file', file]);
    expect(messagesOf(stderr)).toEqual(['worker.started', 'process.failed']);
    const failure: unknown = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
    expect(failure).toMatchObject({ level: 'error', service: 'worker', code: 'CLUSTER_TOKEN_REFUSED' });
    expect(code).toBe(1);
  });
});
