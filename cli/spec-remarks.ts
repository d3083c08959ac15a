import type { RunEvent } from '../core/events.js';
import type { JobSpec } from '../core/spec/job-spec.js';
import { grouped } from './format.js';

/** What in a spec has another effect than it seems to, now that it is known what the run has. */
export function remarksOnSpec(
  { training }: Pick<JobSpec, 'training'>,
  { trainExamples }: Extract<RunEvent, { type: 'run.started' }>,
): string[] {
  const remarks: string[] = [];
  if (training.batchSize > trainExamples) {
    const size = grouped(training.batchSize);
    remarks.push(
      `training.batchSize is ${size}; a batch has all ${grouped(trainExamples)} examples that there are.`,
    );
  }
  return remarks;
}
