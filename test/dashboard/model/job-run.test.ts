import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventBody } from '../../../dashboard/src/api/types.ts';
import { JobRun } from '../../../dashboard/src/data/job-run.ts';

const event = (sequence: number, body: RunEventBody): RunEvent => ({
  ...body,
  sequence,
  time: '2026-01-01T00:00:00.000Z',
});

const step = (number: number, loss = 1): RunEventBody => ({
  type: 'step.done',
  epoch: 1,
  step: number,
  loss,
  examples: 10,
  seconds: 0.5,
  phases: { data: 0.05, forward: 0.1, targets: 0.1, solve: 0.2 },
});

const told = (run: JobRun, ...events: readonly RunEvent[]): JobRun => {
  for (const one of events) run.apply({ kind: 'event', cursor: 'c', event: one });
  return run;
};

const lost = (worker: string): RunEventBody => ({ type: 'worker.lost', worker, reason: 'silent' });

describe('a run as its page has it', () => {
  it('has the mean time of a step, of all and of the newest', () => {
    const run = told(
      new JobRun(),
      ...Array.from({ length: 120 }, (_, index) => event(index + 1, step(index + 1))),
    );
    for (const [means, steps] of [
      [run.overall, 120],
      [run.recent, 50],
    ] as const) {
      expect(means?.steps).toBe(steps);
      expect(means?.seconds).toBeCloseTo(0.5, 12);
      expect(means?.phases.solve).toBeCloseTo(0.2, 12);
    }
  });

  it('takes back what a rewind makes void, and goes on from there', () => {
    const run = told(
      new JobRun(),
      event(1, step(1, 10)),
      event(2, step(2, 9)),
      event(3, lost('w1')),
      event(4, step(3, 8)),
      event(5, {
        type: 'guard.redone',
        step: 3,
        layer: 1,
        attempt: 1,
        learningRateFactor: 0.1,
        objectiveBefore: 1,
        objectiveAfter: 2,
      }),
    );
    expect(run.guardCount).toBe(1);
    run.apply({ kind: 'rewind', cursor: 'c', last: 2 });
    expect(run.guardCount).toBe(0);
    expect(run.fleet).toEqual([]);
    told(run, event(3, step(3, 7)));
    expect([...run.steps.column('loss')]).toEqual([10, 9, 7]);
    expect(run.steps.last?.seconds).toBeCloseTo(1.5, 12);
  });

  it('waits for workers until something happens that takes some', () => {
    const waits: RunEventBody = { type: 'run.waiting', step: 0, reason: 'no worker has joined yet' };
    const run = told(new JobRun(), event(1, waits));
    expect(run.waiting).toBe('no worker has joined yet');
    expect(told(run, event(2, lost('w1'))).waiting).toBe('no worker has joined yet');
    expect(told(run, event(3, step(1))).waiting).toBeNull();
    told(run, event(4, waits)).apply({ kind: 'rewind', cursor: 'c', last: 3 });
    expect(run.waiting).toBeNull();
  });

  it('does not grow with what happens', () => {
    const run = new JobRun();
    for (let index = 1; index <= 60_000; index += 1) {
      told(run, event(2 * index, step(index, Math.sin(index))), event(2 * index + 1, lost(`w${index}`)));
    }
    expect(run.steps.length).toBeLessThanOrEqual(4096);
    expect(run.steps.last?.step).toBe(60_000);
    expect(run.fleet).toHaveLength(200);
    expect(run.fleet.at(-1)).toMatchObject({ worker: 'w60000' });
    for (let epoch = 1; epoch <= 20_000; epoch += 1) {
      told(
        run,
        event(200_000 + epoch, {
          type: 'epoch.done',
          epoch,
          step: epoch,
          trainLoss: 1,
          testLoss: null,
          trainError: 0,
          testError: null,
          trainAccuracy: null,
          testAccuracy: null,
          trainSeconds: epoch,
          examplesPerSecond: 1,
          layers: [],
        }),
      );
    }
    expect(run.epochs.length).toBeLessThanOrEqual(4096);
    expect(run.epochs.at(-1)?.epoch).toBe(20_000);
  });
});
