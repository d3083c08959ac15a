import { startThreadedEngine } from '#engine/thread/threaded-engine.js';
import { plainText } from '#services/security/transport-security.js';
import { runWorker } from '#worker/worker.js';
import { expect, it } from 'vitest';
import { randomState, ruleOf } from '../engine/support.js';
import { startCoordinator } from './coordinator.js';
import { loadOf, problemOf, solveOf } from './support.js';

const SEED = 34;
/** The number at which the backend of the fixture does not come back. */
const EXAMPLES = 13;

it('a worker whose engine does not come back from a solve ends with ENGINE_LOST', async () => {
  const module = new URL('../engine/fixtures/stuck-backend.mjs', import.meta.url).href;
  const engine = await startThreadedEngine('stuck', { module, threads: 1, sharesProcessors: false });
  const { address, worker } = await startCoordinator();
  const done = runWorker({
    engine,
    addresses: [address],
    security: plainText,
    name: 'stuck',
    version: '1.2.3',
    memoryBytes: 2 ** 30,
    once: false,
    drainMs: 30_000,
    patienceMs: 100,
    stop: new AbortController().signal,
    record: () => undefined,
  });
  const connection = await worker();
  await connection.message('ready');
  const rule = ruleOf({ inputs: 5, units: 4, optimizer: { name: 'adam' } });
  connection.sendWith(loadOf(rule, randomState(SEED, rule), { batch: EXAMPLES }), (load) => ({
    message: 'load',
    load,
  }));
  await connection.message('done');
  connection.sendWith(solveOf(rule, 1, problemOf(SEED, 1, rule, EXAMPLES)), (solve) => ({
    message: 'solve',
    solve,
  }));
  // As a coordinator does whose deadline has passed.
  connection.send({ message: 'goodbye', goodbye: { reason: 'it is late', runEnded: false } });
  await expect(done).rejects.toMatchObject({
    code: 'ENGINE_LOST',
    retryable: true,
    message: expect.stringMatching(/went on for \d+ s after nobody waited/) as string,
  });
  await engine.close();
});
