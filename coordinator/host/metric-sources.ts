import type { JobState } from '../../core/job/states.js';
import type { MetricSources } from '../../services/telemetry/metrics/sources.js';
import type { Coordinator } from '../coordinator.js';

/** What the metrics look up of a coordinator. */
export const metricSources = ({ records, service }: Coordinator): MetricSources => ({
  jobs: async () => {
    const counts: Partial<Record<JobState, number>> = {};
    for (const { state } of await records.all()) counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  },
  queue: async () => {
    const waiting = (await records.all()).filter(({ state }) => state === 'queued');
    const now = records.now().getTime();
    // Since they were put into the queue, which may have been after a pause of days.
    const seconds = waiting.map(({ history }) => (now - Date.parse(history.at(-1)!.time)) / 1000);
    const oldestSeconds = seconds.reduce((longest, one) => Math.max(longest, one), 0);
    return { waiting: waiting.length, oldestSeconds };
  },
  workers: () => Promise.resolve(service.workers()),
});
