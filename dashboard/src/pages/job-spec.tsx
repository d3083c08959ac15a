import { jobPath } from '../api/client.ts';
import type { JobDetails } from '../api/types.ts';
import { toYaml } from '../data/to-yaml.ts';
import { usePolled } from '../data/use-polled.ts';
import { Empty, ProblemNotice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';

/** It never changes, and is asked for once. */
const PERIOD_MS = 3_600_000;

export function JobSpec({ id }: { readonly id: string }) {
  const { value, problem } = usePolled<JobDetails>(jobPath(id), PERIOD_MS);
  return (
    <Panel title="Spec, with every default filled in">
      <ProblemNotice problem={problem} />
      {value === null ? (
        <Empty>Loading …</Empty>
      ) : (
        <pre class="spec" tabIndex={0}>
          {toYaml(value.spec)}
        </pre>
      )}
    </Panel>
  );
}
