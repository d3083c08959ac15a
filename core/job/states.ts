/** What a job can be; `pausing` and `cancelling` until whoever runs it has noticed. */
export const jobStates = [
  'queued',
  'running',
  'pausing',
  'paused',
  'cancelling',
  'cancelled',
  'completed',
  'failed',
] as const;

export type JobState = (typeof jobStates)[number];

/**
 * The legal moves. `running` to itself is a coordinator that takes up the job of another one, dead or cut
 * off; `running` to `queued` one that hands it back, because it ends or because the job is to be tried
 * again later. A failed job may be resumed from its last checkpoint once its cause is mended.
 */
export const legalMoves: Readonly<Record<JobState, readonly JobState[]>> = {
  queued: ['running', 'paused', 'cancelled', 'failed'],
  running: ['running', 'queued', 'pausing', 'cancelling', 'completed', 'failed'],
  pausing: ['paused', 'cancelling', 'completed', 'failed'],
  paused: ['queued', 'cancelled'],
  cancelling: ['cancelled', 'completed', 'failed'],
  cancelled: [],
  completed: [],
  failed: ['queued'],
};

const ended: ReadonlySet<JobState> = new Set(['cancelled', 'completed', 'failed']);
const held: ReadonlySet<JobState> = new Set(['running', 'pausing', 'cancelling']);

/** Whether nothing more happens to the job by itself. */
export const hasEnded = (state: JobState): boolean => ended.has(state);

/** Whether a coordinator has the job, or had it when it died. */
export const isHeld = (state: JobState): boolean => held.has(state);
