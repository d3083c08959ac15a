import { describe, expect, it } from 'vitest';
import { remarksOnSpec } from '#cli/spec-remarks.js';
import type { RunEvent } from '#core/events.js';
import type { JobSpec } from '#core/spec/job-spec.js';

const started = (
  trainExamples: number,
  epochs: number,
  step = 0,
): Extract<RunEvent, { type: 'run.started' }> => ({
  type: 'run.started',
  sequence: 1,
  time: '2026-01-01T00:00:00.000Z',
  job: 'job',
  engine: 'onnx',
  threads: 1,
  parameters: 1,
  trainExamples,
  stepsPerEpoch: 4,
  epochs,
  step,
});

const remarks = (training: Partial<JobSpec['training']>, event: ReturnType<typeof started>): string[] =>
  remarksOnSpec(
    {
      training: {
        batchSize: 16,
        epochs: 3,
        schedule: { name: 'constant' },
        ...training,
      } as JobSpec['training'],
    },
    event,
  );

describe('a remark on a spec', () => {
  it('is made where the data are smaller than a batch', () => {
    expect(remarks({}, started(16, 3))).toEqual([]);
    expect(remarks({ batchSize: 1000 }, started(64, 3))).toEqual([
      'training.batchSize is 1,000; a batch has all the data, 64 examples.',
    ]);
  });

  it('is made where the schedule has a rate of 0 in every epoch that is left', () => {
    const schedule = { name: 'notebook', warmupEpochs: 2 } as const;
    const nothing = ['Nothing is learnt: the schedule notebook has a rate of 0 in every epoch of this run.'];
    expect(remarks({ schedule }, started(64, 3))).toEqual([]);
    // It begins with 0, and ends with 0.
    expect(remarks({ schedule }, started(64, 1))).toEqual(nothing);
    expect(remarks({ schedule }, started(64, 3, 8))).toEqual(nothing);
    expect(remarks({ schedule }, started(64, 3, 12)), 'of a run that has ended').toEqual([]);
  });
});
