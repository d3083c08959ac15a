import { LocopropError } from '#core/errors/error.js';
import {
  cancelled,
  completed,
  failed,
  paused,
  retried,
  retryDelaySeconds,
  returned,
  runBegun,
  taken,
  type RunEnd,
} from '#core/job/moves.js';
import { runOf, type JobFailure, type JobProgress, type JobRecord } from '#core/job/record.js';
import { isHeld } from '#core/job/states.js';
import type { Seen, World } from './job-world.js';

/**
 * What an actor does, with a stop after everything that others can see or that it sees of others. There it
 * may stand still for long, or die. What it is told when it goes on decides what it does next.
 */
export type Program = Generator<void, void, number>;

export type Move = (record: JobRecord, now: Date) => JobRecord;

/** What a move makes of a record; null where it is not legal. */
function attempt(move: () => JobRecord): JobRecord | null {
  try {
    return move();
  } catch (error) {
    if (error instanceof LocopropError && error.code === 'JOB_STATE_CONFLICT') return null;
    throw error;
  }
}

/** Asks for something, as to pause the job, and brings the queue up to date. */
export function* client(world: World, move: Move): Program {
  const { record, version } = world.read();
  yield;
  const next = attempt(() => move(record, world.now()));
  if (!next || !world.replace(next, version, { kind: 'client' })) return;
  yield;
  if (next.state === 'queued') world.enqueue(next.ticket);
  else if (record.state === 'queued') world.dequeue(record.ticket);
}

/** Fills the queue from the record, as a coordinator does when it starts and from time to time. */
export function* rebuild(world: World): Program {
  const { record } = world.read();
  yield;
  if ((record.state === 'queued' || isHeld(record.state)) && !world.has(record.ticket)) {
    world.enqueue(record.ticket);
  }
}

/** Is given an entry, takes the job and runs it to some end. */
export function* coordinator(world: World, name: string): Program {
  const ticket = world.giveOut(name);
  if (ticket === null) return;
  const choice = yield;
  const fence = yield* take(world, name, ticket, choice);
  if (fence !== null) yield* run(world, fence);
  // Its handler has ended, so the entry is gone, if it is still its own.
  if (world.givenOut.get(name) === ticket) world.givenOut.delete(name);
}

/** @returns the fence under which it holds the job; null where there is nothing to run */
function* take(
  world: World,
  name: string,
  ticket: number,
  choice: number,
): Generator<void, number | null, number> {
  const { record, version } = world.read();
  yield;
  if (record.ticket !== ticket) return null;
  const next = attempt(() => {
    if (record.state === 'queued' && choice % 8 === 0) return failed(record, world.now(), failureOf(choice));
    if (record.state === 'pausing') return paused(record, world.now());
    if (record.state === 'cancelling') return cancelled(record, world.now());
    return taken(record, name, world.now());
  });
  if (!next || !world.replace(next, version, { kind: 'taker' })) return null;
  yield;
  return next.state === 'running' ? next.fence : null;
}

/** Writes progress, until it is told to end. */
function* run(world: World, fence: number): Program {
  for (let step = 1; ; step++) {
    const choice = yield;
    const seen = world.read();
    yield;
    // A fence alone is not enough: one that was paused or returned meanwhile has the same.
    if (seen.record.fence !== fence || !isHeld(seen.record.state)) return;
    const next =
      choice % 3 === 0
        ? { ...begun(seen.record), progress: progressAt(step) }
        : ending(world, seen, choice, step);
    if (!world.replace(next, seen.version, { kind: 'holder', fence })) continue;
    yield;
    if (next.state === 'queued') world.enqueue(next.ticket);
    if (!isHeld(next.state)) return;
  }
}

/** Under each fence the run goes on once, from some event of the segment before. */
const begun = (record: JobRecord): JobRecord =>
  runOf(record)?.fence === record.fence ? record : runBegun(record, record.runs.length);

/** What becomes of the job where its run ends: what was asked for, or what has come before that. */
function ending(world: World, { record }: Seen, choice: number, step: number): JobRecord {
  const now = world.now();
  const failure = failureOf(choice);
  const end: RunEnd = { progress: progressAt(step), runSeconds: record.runSeconds + 1 };
  const turn = Math.floor(choice / 3) % 4;
  if (turn === 0) return completed(record, now, end);
  if (turn === 1) return failed(record, now, failure, end);
  if (record.state === 'pausing') return paused(record, now, end);
  if (record.state === 'cancelling') return cancelled(record, now, end);
  if (turn === 2) return returned(record, now, 'it ends', end);
  const notBefore = new Date(now.getTime() + retryDelaySeconds(record) * 1000);
  return retried(record, now, { failure, notBefore }, end);
}

const failureOf = (choice: number): JobFailure => ({
  code: 'WORKERS_MISSING',
  message: `failure ${choice}`,
  remedy: 'Wait.',
  retryable: true,
});

const progressAt = (step: number): JobProgress => ({
  step,
  steps: 100,
  epoch: 0,
  epochs: 1,
  loss: null,
  trainLoss: null,
  testLoss: null,
  examplesPerSecond: null,
  secondsLeft: null,
});
