// A process that consumes a queue: `node consumer.mjs URL JOBS HANDLE_MS`. It writes a line of JSON for all
// that happens, and ends well with SIGTERM.
import { setTimeout as delay } from 'node:timers/promises';
import { openQueue } from '#services/queue/open-queue.js';

const [url, jobs, handleMs] = process.argv.slice(2);
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const queue = await openQueue(url);
const end = await queue.consume({
  jobs: Number(jobs),
  handle: async ({ id }, lost) => {
    tell({ type: 'given', id });
    lost.addEventListener('abort', () => tell({ type: 'lost', id }));
    await delay(Number(handleMs), null, { signal: lost }).catch(() => undefined);
    tell({ type: 'done', id });
  },
  onError: (error) => tell({ type: 'error', message: error.message }),
});
process.once('SIGTERM', async () => {
  await end();
  await queue.close();
  tell({ type: 'ended' });
});
tell({ type: 'ready' });
