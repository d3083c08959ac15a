// Compose and its containers, as a person handles them.
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const MAX_OUTPUT = 2 ** 28;

/** Output of a program; rejects with what it wrote where it fails. */
export async function run(program, args, env = {}) {
  const options = { env: { ...process.env, ...env }, maxBuffer: MAX_OUTPUT };
  return await promisify(execFile)(program, args, options);
}

const lines = (text) => text.split('\n').filter((line) => line !== '');

/** A port of this machine that nobody listens at. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The project with the ports that it is published at. */
export function openProject({ command, ports }) {
  const [program, ...first] = command.split(' ');
  const env = { HTTP_PUBLISH: `127.0.0.1:${ports.http}`, GRPC_PUBLISH: `127.0.0.1:${ports.grpc}` };
  const compose = async (...args) => (await run(program, [...first, ...args], env)).stdout;
  /** Runs a command line of the docs, with this test's Compose for `docker compose`. */
  const shell = async (text) => {
    const script = `compose() { ${command} "$@"; }\n${text.replaceAll('docker compose', 'compose')}`;
    return (await run('bash', ['-euc', script], env)).stdout;
  };
  // By their labels, which is a lot faster than version 1 of Compose.
  const labels = { project: process.env.COMPOSE_PROJECT_NAME, oneoff: 'False' };
  const containers = async (service) => {
    const filters = Object.entries({ ...labels, service }).flatMap(([label, value]) => [
      '--filter',
      `label=com.docker.compose.${label}=${value}`,
    ]);
    return lines(await docker('ps', '-a', '-q', '--no-trunc', ...filters));
  };
  return { compose, shell, containers };
}

export const docker = async (...args) => (await run('docker', args)).stdout.trim();

export const inspect = async (container) => JSON.parse(await docker('inspect', container))[0];

/** Lines of both streams of a container, since it was made. */
export async function logOf(container) {
  const { stdout, stderr } = await run('docker', ['logs', container]);
  return [...lines(stdout), ...lines(stderr)];
}

/** Waits for something to hold; says what did not, and what was seen last. */
export async function until(what, seconds, look) {
  const end = Date.now() + 1000 * seconds;
  let seen;
  while (Date.now() < end) {
    try {
      const found = await look();
      if (found) return found;
      seen = 'it does not hold';
    } catch (error) {
      if (error instanceof Fatal) throw error;
      seen = error.message;
    }
    await delay(500);
  }
  throw new Error(`${what}: not within ${seconds} s (${seen})`);
}

/** That waiting longer would not mend. */
export class Fatal extends Error {}

/**
 * Kills the main process of a container from outside: unlike after `docker kill`, Docker starts it anew.
 */
export async function crash(container) {
  const { Pid: pid } = (await inspect(container)).State;
  // From a container that sees all processes: whoever may use Docker need not be root.
  const shell = ['--rm', '--pid', 'host', '--user', '0', '--network', 'none', '--entrypoint', 'sh'];
  await docker('run', ...shell, 'redis:7-alpine', '-c', `kill -9 ${pid}`);
  await until(`${container} runs again`, 60, async () => {
    const { State, Name } = await inspect(container);
    return State.Running && State.Pid !== pid && Name;
  });
}

/** Takes a container off its network for a while. */
export async function cutOff(container, service, seconds) {
  const [network] = Object.keys((await inspect(container)).NetworkSettings.Networks);
  await docker('network', 'disconnect', network, container);
  await delay(1000 * seconds);
  // The alias does not come back by itself.
  await docker('network', 'connect', '--alias', service, network, container);
}
