import { useEffect, useState } from 'preact/hooks';
import { getJson, jobPath, problemFrom } from '../api/client.ts';
import type { Job } from '../api/types.ts';

/** Jobs by their ids, each asked for once; null of those that are gone. */
export function useNamedJobs(ids: readonly string[]): ReadonlyMap<string, Job | null> {
  const [found, setFound] = useState<ReadonlyMap<string, Job | null>>(new Map());
  useEffect(() => {
    const ended = new AbortController();
    const look = async (id: string): Promise<void> => {
      const job = await find(id, ended.signal);
      if (job !== undefined) setFound((before) => new Map([...before, [id, job]]));
    };
    void Promise.all(ids.filter((id) => !found.has(id)).map(look));
    return () => ended.abort();
  }, [ids.join()]);
  return found;
}

/** Undefined where it is not known whether there is one. */
async function find(id: string, signal: AbortSignal): Promise<Job | null | undefined> {
  try {
    return await getJson<Job>(jobPath(id), signal);
  } catch (error) {
    return problemFrom(error)?.status === 404 ? null : undefined;
  }
}
