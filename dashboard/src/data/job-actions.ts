import type { JobState } from '../api/types.ts';

export type JobAction = 'pause' | 'resume' | 'cancel' | 'delete';

const allowed: Readonly<Record<JobAction, readonly JobState[]>> = {
  pause: ['queued', 'running'],
  resume: ['paused', 'failed'],
  cancel: ['queued', 'running', 'pausing', 'paused'],
  delete: ['completed', 'cancelled', 'failed'],
};

export const mayBe = (action: JobAction, state: JobState): boolean => allowed[action].includes(state);

/** Whether a coordinator works at it. */
export const isActive = (state: JobState): boolean => ['running', 'pausing', 'cancelling'].includes(state);
