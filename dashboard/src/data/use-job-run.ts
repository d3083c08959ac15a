import { signal, type ReadonlySignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { followJob, type Connection } from '../api/follow-job.ts';
import type { Job } from '../api/types.ts';
import { JobRun } from './job-run.ts';

/** How often what has come is drawn. */
const DRAW_MS = 250;

export interface FollowedRun {
  readonly run: JobRun;
  readonly job: Job | null;
  readonly connection: Connection;
  /** Grows with whatever comes of the run, but not with each event: they come by the hundred a second. */
  readonly changes: ReadonlySignal<number>;
}

const begin = () => ({
  run: new JobRun(),
  job: null,
  connection: { state: 'connecting' } as const,
  changes: signal(0),
});

/** A job that is followed for as long as the component is there; `round` begins its stream anew. */
export function useJobRun(id: string, round: number): FollowedRun {
  const [followed, setFollowed] = useState<FollowedRun>(begin);
  useEffect(() => {
    const ended = new AbortController();
    const begun = begin();
    const { run, changes } = begun;
    let connection: Connection = begun.connection;
    let timer: number | null = null;
    const show = (): void => {
      timer = null;
      changes.value += 1;
      setFollowed((before) =>
        before.run === run && before.job === run.job && before.connection === connection
          ? before
          : { ...begun, job: run.job, connection },
      );
    };
    // Replayed events come by the thousand.
    const soon = (): void => {
      timer ??= window.setTimeout(show, DRAW_MS);
    };
    void followJob(id, {
      signal: ended.signal,
      onItem: (item) => {
        run.apply(item);
        soon();
      },
      onConnection: (next) => {
        connection = next;
        soon();
      },
    });
    return () => {
      ended.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, [id, round]);
  return followed;
}
