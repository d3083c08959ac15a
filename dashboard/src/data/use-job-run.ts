import { useEffect, useState } from 'preact/hooks';
import { followJob, type Connection } from '../api/follow-job.ts';
import { JobRun } from './job-run.ts';

/** How often what has come is drawn. */
const DRAW_MS = 250;

export interface FollowedRun {
  readonly run: JobRun;
  readonly connection: Connection;
  /** Grows with whatever comes. */
  readonly version: number;
}

/** A job that is followed for as long as the component is there; `round` begins its stream anew. */
export function useJobRun(id: string, round: number): FollowedRun {
  const [followed, setFollowed] = useState<FollowedRun>(() => ({
    run: new JobRun(),
    connection: { state: 'connecting' },
    version: 0,
  }));
  useEffect(() => {
    const ended = new AbortController();
    const run = new JobRun();
    let timer: number | null = null;
    let version = 0;
    let connection: Connection = { state: 'connecting' };
    const show = (): void => {
      timer = null;
      version += 1;
      setFollowed({ run, connection, version });
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
