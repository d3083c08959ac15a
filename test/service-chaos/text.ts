import type { Report } from './campaign.js';

/** A campaign in one line, and why it failed below it. */
export function lineOf({
  name,
  seed,
  kills,
  jobs,
  takes,
  unanswered,
  endings,
  seconds,
  failure,
}: Report): string {
  const told = Object.entries(endings).map(([state, count]) => `${count} ${state}`);
  const figures = `${kills} kills, ${jobs} jobs taken ${takes} times (${told.join(', ')}), ${unanswered} requests unanswered`;
  const line = `seed ${seed}  ${name}  ${figures}  ${seconds.toFixed(1)} s  ${failure === null ? 'all as it must be' : 'FAILED'}`;
  return failure === null ? line : `${line}\n${failure}`;
}
