import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { freePort, start } from './processes.js';

/** A process that answers every line, in place of the command line: node ignores what stands behind it. */
const echo = ['-e', "console.log('ready'); process.stdin.on('data', (line) => console.error('got ' + line))"];
const startEcho = () =>
  start([], { prefix: ['sh', '-c', 'exec "$0" "$@"', process.execPath, ...echo, '--'] });

it('waits for what a process writes, and for its end', async () => {
  const run = start(['--version']);
  expect(await run.waitFor('stdout', /^\d+\.\d+\.\d+\n$/)).toBe(run.stdout);
  expect(await run.waitForEnd()).toEqual({ code: 0, stdout: run.stdout, stderr: '' });
  expect(await run.waitFor('stdout', (text) => text.endsWith('\n'))).toBe(run.stdout);
});

it('shows what came where something else was expected', async () => {
  const run = start(['trian']);
  await expect(run.waitFor('stdout', /trained/)).rejects.toThrow(
    /Unknown command 'trian'[^]*locoprop trian ended without \/trained\/ on stdout/,
  );
  const silent = startEcho();
  await silent.waitFor('stdout', /ready/);
  await expect(silent.waitFor('stderr', /never/, 50)).rejects.toThrow(/ready[^]*went on for 50 ms/);
  await expect(silent.waitForEnd(50)).rejects.toThrow(/did not end in 50 ms/);
});

it('stops a process, lets it go on and ends it', async () => {
  const run = startEcho();
  await run.waitFor('stdout', /ready/);
  run.signal('SIGSTOP');
  run.child.stdin.write('one');
  await expect(run.waitFor('stderr', /got one/, 300)).rejects.toThrow(/went on/);
  run.signal('SIGCONT');
  await run.waitFor('stderr', /got one/);
  run.signal('SIGSTOP');
  run.signal('SIGKILL');
  expect((await run.waitForEnd()).code).toBe('SIGKILL');
  expect(() => run.signal('SIGTERM')).toThrow(/has ended before SIGTERM/);
});

it('ends what the process has started, too', async () => {
  const run = start([], { prefix: ['sh', '-c', 'sleep 600 & echo started; wait'] });
  await run.waitFor('stdout', /started/);
  run.signal('SIGKILL');
  // What it has started has its output still, and keeps it from ending.
  await expect(run.waitForEnd(200)).rejects.toThrow(/did not end/);
  await run.killAll();
  expect((await run.ended).code).toBe('SIGKILL');
});

it('finds a port that can be listened on', async () => {
  const server = createServer().listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  server.close();
});
