import { expect } from 'vitest';
import { MAX_HISTORY } from '#core/job/moves.js';
import type { JobRecord } from '#core/job/record.js';
import { hasEnded, isHeld, legalMoves } from '#core/job/states.js';

/** Who writes a record, and under which fence it holds the job. */
export type Writer =
  | { readonly kind: 'client' }
  /** Was given the job's entry, and has not written yet. */
  | { readonly kind: 'taker' }
  | { readonly kind: 'holder'; readonly fence: number };

/** What a run comes to. */
const resultsOf = ({ progress, runs, runSeconds }: JobRecord) => ({ progress, runs, runSeconds });

/** What must hold of every write, whoever does it and whatever happened before. */
export function checkWrite(versions: readonly JobRecord[], to: JobRecord, writer: Writer): void {
  const from = versions.at(-1)!;
  if (from.state === to.state && from.fence === to.fence) {
    // Progress: only what the run has come to.
    expect({ ...to, ...resultsOf(from) }).toEqual(from);
    if (to.runs.length !== from.runs.length) expect(to.runs.slice(0, -1)).toEqual(from.runs);
  } else {
    expect(legalMoves[from.state]).toContain(to.state);
    const newest = to.history.at(-1);
    expect(to.history).toEqual([...from.history, newest].slice(-MAX_HISTORY));
    expect(newest?.number).toBe(from.history.at(-1)!.number + 1);
  }
  expect(to.history.length).toBeLessThanOrEqual(MAX_HISTORY);

  if (hasEnded(from.state)) expect([from.state, to.state]).toEqual(['failed', 'queued']);
  expect(to.endedAt !== null).toBe(hasEnded(to.state));
  expect(to.coordinator !== null).toBe(isHeld(to.state));

  checkFence(from, to, writer);
  checkTicket(versions, to);

  const ends = [...versions, to].filter(
    ({ state }, index, all) =>
      all[index - 1]?.state !== state && (state === 'completed' || state === 'cancelled'),
  );
  expect(ends.length).toBeLessThanOrEqual(1);
}

/** Only who holds the job under the newest fence says what its run has come to, and that it has ended. */
function checkFence(from: JobRecord, to: JobRecord, writer: Writer): void {
  const taken = to.fence !== from.fence;
  if (taken) expect([to.fence, to.state, writer.kind]).toEqual([from.fence + 1, 'running', 'taker']);
  const holds = writer.kind === 'holder' && writer.fence === from.fence && isHeld(from.state);
  const resumed = from.state === 'failed' && to.state === 'queued';
  const changed = { ...resultsOf(to), ...(resumed && { runSeconds: from.runSeconds }) };
  if (!holds) expect(changed).toEqual(resultsOf(from));
  if (writer.kind === 'holder') expect(holds).toBe(true);
  // A client asks; who has the job answers, or who was given its entry instead.
  if (writer.kind === 'client' && isHeld(from.state)) expect(isHeld(to.state)).toBe(true);
}

/** A job that waits names a ticket that it did not name before: an older entry starts nothing. */
function checkTicket(versions: readonly JobRecord[], to: JobRecord): void {
  const from = versions.at(-1)!;
  if (to.state === 'queued') expect(versions.map(({ ticket }) => ticket)).not.toContain(to.ticket);
  else expect(to.ticket).toBe(from.ticket);
}
