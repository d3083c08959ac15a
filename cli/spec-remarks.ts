import type { RunEvent } from '../core/events.js';
import { epochFactor } from '../core/schedules.js';
import type { JobSpec } from '../core/spec/job-spec.js';
import { counted, grouped } from './format.js';

/** What in a spec has another effect than it seems to, now that it is known what the run has. */
export function remarksOnSpec(
  { training }: Pick<JobSpec, 'training'>,
  { trainExamples, stepsPerEpoch, epochs, step }: Extract<RunEvent, { type: 'run.started' }>,
): string[] {
  const remarks: string[] = [];
  if (training.batchSize > trainExamples) {
    const size = grouped(training.batchSize);
    remarks.push(
      `training.batchSize is ${size}; a batch has all the data, ${counted(trainExamples, 'example')}.`,
    );
  }
  const first = Math.floor(step / stepsPerEpoch);
  const left = Array.from({ length: Math.max(epochs - first, 0) }, (_, index) => first + index);
  const still = left.every((epoch) => epochFactor(training.schedule, epoch, training.epochs) === 0);
  if (left.length > 0 && still) {
    const { name } = training.schedule;
    remarks.push(`Nothing is learnt: the schedule ${name} has a rate of 0 in every epoch of this run.`);
  }
  return remarks;
}
