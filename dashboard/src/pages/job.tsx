import { useState } from 'preact/hooks';
import type { Connection } from '../api/follow-job.ts';
import type { Job } from '../api/types.ts';
import type { FollowedRun } from '../data/use-job-run.ts';
import { useJobRun } from '../data/use-job-run.ts';
import { go, route, setQuery } from '../router.ts';
import { Choice } from '../ui/choice.tsx';
import { JobButtons } from '../ui/job-buttons.tsx';
import { Live } from '../ui/live.tsx';
import { Empty, Notice, ProblemNotice } from '../ui/notice.tsx';
import { StateBadge } from '../ui/state-badge.tsx';
import { ConfusionPanel } from './confusion-panel.tsx';
import { JobFacts } from './job-facts.tsx';
import { JobFiles } from './job-files.tsx';
import { JobFleet } from './job-fleet.tsx';
import { JobLog } from './job-log.tsx';
import { JobSpec } from './job-spec.tsx';
import { LayerPanel } from './layer-panel.tsx';
import { LossPanel } from './loss-panel.tsx';
import { PhasePanel } from './phase-panel.tsx';

const tabs = [
  ['training', 'Training'],
  ['layers', 'Layers'],
  ['workers', 'Workers'],
  ['files', 'Files'],
  ['log', 'Log'],
  ['spec', 'Spec'],
] as const;
type Tab = (typeof tabs)[number][0];

const LOST = 'The connection to the coordinator is lost. It is tried again, and goes on where it was.';

export function JobPage({ id }: { readonly id: string }) {
  // A job that is resumed after its end has a stream again.
  const [round, setRound] = useState(0);
  const followed = useJobRun(id, round);
  const { run, job, connection, changes } = followed;
  const tab = tabs.find(([name]) => name === route.value.query.get('tab'))?.[0] ?? 'training';
  if (connection.state === 'refused' && (job === null || connection.problem.status === 404))
    return <ProblemNotice problem={connection.problem} />;
  if (job === null) return <Empty>{connection.state === 'lost' ? LOST : 'Loading …'}</Empty>;
  return (
    <>
      <div class="page-head">
        <h1 class="job-title">
          <span>{job.id}</span> <StateBadge state={job.state} />
        </h1>
        <div class="tools">
          <JobButtons
            job={job}
            onChanged={(action) => {
              if (action === 'delete') go('#/jobs');
              if (action === 'resume' && connection.state === 'ended') setRound(round + 1);
            }}
          />
        </div>
      </div>
      <ConnectionNotice connection={connection} />
      <FailureNotice job={job} />
      <Live changes={changes}>{() => <JobFacts run={run} />}</Live>
      <Choice
        label="What to look at"
        options={tabs}
        value={tab}
        onChange={(next) => setQuery({ tab: next })}
      />
      <TabContent tab={tab} id={id} {...followed} />
    </>
  );
}

function TabContent({
  tab,
  id,
  run,
  job,
  changes,
}: { readonly tab: Tab; readonly id: string } & FollowedRun) {
  switch (tab) {
    case 'training':
      return (
        <>
          <Live changes={changes}>{(version) => <LossPanel id={id} run={run} version={version} />}</Live>
          <Live changes={changes}>
            {() => (
              <>
                {run.confusion === null ? null : <ConfusionPanel confusion={run.confusion} />}
                <PhasePanel run={run} />
              </>
            )}
          </Live>
        </>
      );
    case 'layers':
      return (
        <Live changes={changes}>
          {() => <LayerPanel epochs={run.epochs} guards={run.guards} guardCount={run.guardCount} />}
        </Live>
      );
    case 'workers':
      return <Live changes={changes}>{() => <JobFleet run={run} />}</Live>;
    case 'files':
      return (
        <Live changes={changes}>
          {() => <JobFiles id={id} checkpoints={run.checkpoints} state={job?.state ?? null} />}
        </Live>
      );
    case 'log':
      return <JobLog id={id} />;
    case 'spec':
      return <JobSpec id={id} />;
  }
}

/** Said to those who see and to those who listen, when it is so. */
function ConnectionNotice({ connection }: { readonly connection: Connection }) {
  if (connection.state === 'refused') return <ProblemNotice problem={connection.problem} />;
  return connection.state === 'lost' ? <Notice>{LOST}</Notice> : null;
}

const FailureNotice = ({ job: { failure, state } }: { readonly job: Job }) => (
  <ProblemNotice
    problem={
      failure && {
        title: `${state === 'failed' ? 'Failed' : 'The last attempt failed'} with ${failure.code}`,
        detail: failure.message,
        remedy: failure.remedy,
      }
    }
  />
);
