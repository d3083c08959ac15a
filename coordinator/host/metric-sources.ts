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
    const oldest = Math.min(...waiting.map(({ submittedAt }) => Date.parse(submittedAt)));
    const oldestSeconds = waiting.length === 0 ? 0 : (records.now().getTime() - oldest) / 1000;
    return { waiting: waiting.length, oldestSeconds };
  },
  workers: () => Promise.resolve(service.workers()),
});
