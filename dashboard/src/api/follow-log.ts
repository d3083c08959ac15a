import { getJson, jobPath, problemFrom, request } from './client.ts';
import { linesOf } from './lines.ts';
import { Delays, given, pause } from './pause.ts';
import { hasEnded, type Job, type LogLine, type Problem } from './types.ts';
import { hiddenSignal, visible } from './visible.ts';

export interface LogFollower {
  readonly level: LogLine['level'];
  readonly signal: AbortSignal;
  readonly onLine: (line: LogLine) => void;
  /** A log has no cursors: after a lost connection it is read anew, from its first line. */
  readonly onRestart: () => void;
  readonly onProblem: (problem: Problem) => void;
}

/** How often a job that has ended is looked at, which somebody may resume. */
const ENDED_MS = 30_000;

/** Gives a job's log from its beginning on, for as long as it is wanted. */
export async function followLog(id: string, follower: LogFollower): Promise<void> {
  const { level, signal, onLine, onRestart, onProblem } = follower;
  const delays = new Delays();
  while (!signal.aborted) {
    await visible(signal);
    const hidden = hiddenSignal();
    try {
      const { body } = await request(jobPath(id, `/logs?follow=true&level=${level}`), {
        signal: AbortSignal.any([signal, hidden.signal]),
      });
      onRestart();
      if (body) {
        for await (const line of linesOf(body)) {
          if (line !== '') onLine(JSON.parse(line) as LogLine);
          delays.reset();
        }
      }
      await goingOn(id, signal);
      await delays.wait(signal);
    } catch (error) {
      if (given(signal)) return;
      // A connection that breaks under an answer is told as a failure of its body.
      const problem = hidden.signal.aborted || error instanceof TypeError ? null : problemFrom(error);
      if (problem && !problem.retryable) {
        onProblem(problem);
        return;
      }
      await delays.wait(signal);
    } finally {
      hidden.close();
    }
  }
}

/** Resolves once there is more to come: a log ends with its job, or with its coordinator. */
async function goingOn(id: string, signal: AbortSignal): Promise<void> {
  while (!given(signal) && hasEnded((await getJson<Job>(jobPath(id), signal)).state)) {
    await pause(ENDED_MS, signal);
  }
}
