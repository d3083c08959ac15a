import type { JobState } from '../api/types.ts';

/** The state in words; its colour only repeats it. */
export const StateBadge = ({ state }: { readonly state: JobState }) => (
  <span class={`badge state-${state}`}>{state}</span>
);
