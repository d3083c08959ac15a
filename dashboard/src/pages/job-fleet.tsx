import { LayerMap } from '../charts/layer-map.tsx';
import type { FleetEvent, JobRun } from '../data/job-run.ts';
import { formatSeconds, formatWhole } from '../format.ts';
import { Empty } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { FleetLines, type FleetLine } from './fleet-lines.tsx';

/** Who solves what of a job, and who came and went. */
export function JobFleet({ run }: { readonly run: JobRun }) {
  const { plan, fleet } = run;
  return (
    <>
      <Panel title="Plan">
        {plan === null ? (
          <Empty>No plan yet: the coordinator solves the layers itself, or waits for workers.</Empty>
        ) : (
          <>
            <p class="muted">
              From step {formatWhole(plan.step)} on; a step is expected to take{' '}
              {formatSeconds(plan.predictedSeconds)}
              {plan.leftOut.length === 0
                ? ''
                : `; left out, as they would slow it down: ${plan.leftOut.join(', ')}`}
              .
            </p>
            <LayerMap
              parts={plan.parts}
              workers={[...new Set(plan.parts.map(({ worker }) => worker))].sort()}
            />
          </>
        )}
      </Panel>
      <Panel title="What happened to the workers">
        {fleet.length === 0 ? <Empty>Nothing so far.</Empty> : <FleetLines lines={fleet.map(lineOf)} />}
      </Panel>
    </>
  );
}

const lineOf = (event: FleetEvent): FleetLine => ({
  time: event.time,
  type: event.type,
  worker: 'worker' in event ? event.worker : null,
  reason: 'reason' in event ? event.reason : null,
  from: 'from' in event ? event.from : null,
  part: 'part' in event ? event.part : null,
});
