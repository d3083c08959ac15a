import { afterAll, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import '../support/processes.js';
import { Scene } from './expectation.js';
import { CHECKPOINT_STEPS } from './job.js';

const scene = new Scene();
afterAll(() => scene.close());

const hook = fileURLToPath(new URL('kill-at.mjs', import.meta.url));

it('starts workers of its own anew that are killed', async () => {
  await scene.expectUnchanged({ workers: [], args: ['--workers', '2'] }, async (run) => {
    await run.log.step(5);
    const time = Date.now();
    const { pid } = run.coordinator;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    for (const child of children.trim().split(' ')) process.kill(Number(child), 'SIGKILL');
    await run.log.since(time, 'run.waiting');
    await run.log.since(time, 'worker.joined');
  });
});

it.each([
  { point: 'before dispatch', step: 2 * CHECKPOINT_STEPS + 1 },
  { point: 'in the step', step: 2 * CHECKPOINT_STEPS + 2 },
  { point: 'between commit and checkpoint', step: 3 * CHECKPOINT_STEPS },
  { point: 'while writing the checkpoint', step: 2 * CHECKPOINT_STEPS },
])('kill -9 of the coordinator $point', async ({ point, step }) => {
  const coordinatorEnv = { KILL_AT: `${point}:${step}`, NODE_OPTIONS: `--import ${hook}` };
  await scene.expectUnchanged({ workers: ['direct', 'direct'], coordinatorEnv }, async (run) => {
    const { code } = await run.coordinator.waitForEnd();
    expect(code).toBe('SIGKILL');
    await run.killCoordinator();
  });
});
