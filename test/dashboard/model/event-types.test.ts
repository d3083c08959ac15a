import { expect, it } from 'vitest';
import type { RunEvent as ToldEvent } from '#core/events.js';
import type { FeedItem, RunEvent } from '../../../dashboard/src/api/types.ts';
import { JobRun } from '../../../dashboard/src/data/job-run.ts';

/** The description of the interface leaves events open, so the compiler compares what is told with what is read. */
const asRead = (event: ToldEvent): RunEvent => event;

it('the confusion matrix of a run is the newest one, and is taken back with its epoch', () => {
  const run = new JobRun();
  const counted = (sequence: number, counts: number[][]): FeedItem => {
    const event = { type: 'classes.counted', epoch: sequence, step: sequence, data: 'test', counts } as const;
    const stamp = { sequence, time: '2026-01-01T00:00:00.000Z' };
    return { kind: 'event', cursor: String(sequence), event: asRead({ ...event, ...stamp }) };
  };
  run.apply(counted(1, [[1]]));
  run.apply(counted(2, [[2]]));
  expect(run.confusion).toMatchObject({ epoch: 2, counts: [[2]] });
  run.apply({ kind: 'rewind', cursor: 'x', last: 2 });
  expect(run.confusion).toMatchObject({ epoch: 2 });
  run.apply({ kind: 'rewind', cursor: 'y', last: 1 });
  expect(run.confusion).toBeNull();
});
