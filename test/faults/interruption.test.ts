import { afterAll, expect, it } from 'vitest';
import '../support/processes.js';
import { Scene } from './expectation.js';

const scene = new Scene();
afterAll(() => scene.close());

it('ends a run that waits for its first worker', async () => {
  await scene.withRun({ workers: [] }, async (run) => {
    await run.log.since(0, 'run.waiting');
    run.coordinator.signal('SIGINT');
    const { code, stderr } = await run.coordinator.waitForEnd();
    expect(code).toBe(130);
    expect(stderr).toMatch(/no worker|waited/i);
  });
});

it('ends a run that has lost all workers', async () => {
  await scene.withRun({ workers: ['direct'] }, async (run) => {
    await run.log.step(6);
    run.members[0]!.process.signal('SIGKILL');
    await run.log.waitFor('waiting', (event) => event.type === 'run.waiting' && event.step > 0);
    run.coordinator.signal('SIGINT');
    const { code, stderr } = await run.coordinator.waitForEnd();
    expect(code).toBe(130);
    expect(stderr).toMatch(/waited|waiting/i);
  });
});

it('saves a checkpoint of a run with workers, which goes on from there', async () => {
  await scene.expectUnchanged({ workers: ['direct', 'direct'] }, async (run) => {
    await run.joined();
    await run.log.step(6);
    run.coordinator.signal('SIGINT');
    const { code } = await run.coordinator.waitForEnd();
    expect(code).toBe(130);
    const last = (await run.log.read()).at(-1);
    expect(last).toMatchObject({ type: 'run.ended', outcome: 'stopped' });
    await run.killCoordinator();
  });
});
