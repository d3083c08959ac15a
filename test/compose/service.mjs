// The service as somebody outside of Docker uses it: the command line, and plain HTTP.
import { mkdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Fatal, run, until } from './docker.mjs';

const TIMEOUT_MS = 10_000;
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/**
 * Sends a request on a connection of its own. Not with fetch: Docker's proxy takes connections to containers
 * that do not listen yet and drops them, which fetch of Node 20 never tells.
 */
function exchange(url, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false, timeout: TIMEOUT_MS }, (answer) => {
      text(answer).then((content) => resolve({ status: answer.statusCode, content }), reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer from ${url}`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

function completedOf(printed) {
  const job = JSON.parse(printed);
  if (job.state !== 'completed') throw new Error(`job ${job.id} is ${job.state}`);
  return job;
}

export function openService({ url, token }) {
  const authorization = `Bearer ${token}`;
  const env = { LOCOPROP_URL: url, LOCOPROP_TOKEN: token };

  async function answer(path, { headers, ...options } = {}) {
    const { status, content } = await exchange(url + path, {
      ...options,
      headers: { ...headers, authorization },
    });
    if (status >= 400) throw new Error(`${status} of ${path}: ${content}`);
    return JSON.parse(content);
  }

  const locoprop = async (...args) => (await run(process.execPath, [main, ...args], env)).stdout;
  const job = (id) => answer(`/v1/jobs/${id}`);

  return {
    locoprop,
    job,
    workers: async () => (await answer('/v1/workers')).workers,
    /** The job once it has ended. */
    submitAndFollow: async (spec) => completedOf(await locoprop('submit', spec, '--follow', '--json')),
    follow: async (id) => completedOf(await locoprop('status', id, '--follow', '--json')),
    submitByHttp: async (spec) => {
      const type = { 'content-type': 'application/yaml' };
      return (await answer('/v1/jobs', { method: 'POST', headers: type, body: readFileSync(spec) })).id;
    },
    download: async (id, folder) => {
      mkdirSync(folder);
      await locoprop('download', id, folder);
    },
    /** Waits until a job has trained so much of its steps, and still trains. */
    reached: (id, share) =>
      until(`${100 * share} % of job ${id}`, 600, async () => {
        const { state, progress } = await job(id);
        if (['completed', 'failed', 'cancelled'].includes(state))
          throw new Fatal(`job ${id} is ${state} already`);
        return state === 'running' && progress !== null && progress.step >= share * progress.steps;
      }),
    completed: async (id) => {
      await until(`the end of job ${id}`, 900, async () => {
        const { state, failure } = await job(id);
        if (state === 'failed' || state === 'cancelled')
          throw new Fatal(`job ${id}: ${failure?.message ?? state}`);
        return state === 'completed';
      });
    },
  };
}

/** Whether the coordinator says that it can take and run jobs. */
export async function isReady(url) {
  return (await exchange(`${url}/readyz`)).status === 200;
}
