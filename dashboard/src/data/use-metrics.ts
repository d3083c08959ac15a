import { useEffect, useState } from 'preact/hooks';
import { getJson, jobPath, problemFrom } from '../api/client.ts';
import type { EpochMetrics, Job, JobMetrics } from '../api/types.ts';

/** More would not be told apart on a chart. */
const POINTS = 2000;

type Metrics = ReadonlyMap<string, readonly EpochMetrics[]>;

/** The metrics of jobs, asked for where a job is new and whenever it has come to another epoch. */
export function useMetrics(jobs: readonly Job[]): Metrics {
  const [metrics, setMetrics] = useState<Metrics>(new Map());
  const [asked] = useState(() => new Map<string, number>());
  const wanted = jobs.map(({ id, progress }) => `${id} ${progress?.epoch ?? 0}`).join();
  useEffect(() => {
    const ask = async ({ id, progress }: Job): Promise<void> => {
      const epoch = progress?.epoch ?? 0;
      if (asked.get(id) === epoch) return;
      asked.set(id, epoch);
      try {
        const answer = await getJson<JobMetrics>(jobPath(id, `/metrics?points=${POINTS}`));
        setMetrics((before) => new Map([...before, [id, answer.metrics]]));
      } catch (error) {
        // It is asked for again when the list of jobs comes with another epoch, or not at all.
        problemFrom(error);
        asked.delete(id);
      }
    };
    void Promise.all(jobs.map(ask));
  }, [wanted]);
  return metrics;
}
