import { useEffect, useMemo, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Job, JobPage } from '../api/types.ts';
import { CURVES, curveName } from '../charts/colours.ts';
import { LineChart } from '../charts/line-chart.tsx';
import { useMetrics } from '../data/use-metrics.ts';
import { useNamedJobs } from '../data/use-named-jobs.ts';
import { usePolled } from '../data/use-polled.ts';
import { formatCount, formatNumber, formatSeconds } from '../format.ts';
import { jobLink, route, setQuery } from '../router.ts';
import { Choice } from '../ui/choice.tsx';
import { Empty, ProblemNotice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { StateBadge } from '../ui/state-badge.tsx';

const measures = [
  ['trainLoss', 'Training loss'],
  ['testLoss', 'Test loss'],
  ['testAccuracy', 'Test accuracy'],
] as const;
type Measure = (typeof measures)[number][0];

export function ComparePage() {
  const { query } = route.value;
  const ids = (query.get('jobs') ?? '')
    .split(',')
    .filter((id) => id !== '')
    .slice(0, CURVES);
  const measure = measures.find(([name]) => name === query.get('measure'))?.[0] ?? 'trainLoss';
  const onTime = query.get('x') === 'time';
  const [scale, setScale] = useState<'linear' | 'log'>('log');
  const { value, problem } = usePolled<JobPage>('/v1/jobs?limit=500', 3000);
  const listed = value?.jobs ?? [];
  const isListed = (id: string): boolean => listed.some((job) => job.id === id);
  // A link from elsewhere may name jobs that are older than the list, or gone.
  const named = useNamedJobs(value === null ? [] : ids.filter((id) => !isListed(id)));
  const jobs = [...listed, ...ids.flatMap((id) => (isListed(id) ? [] : (named.get(id) ?? [])))];
  const chosen = ids.flatMap((id) => jobs.find((job) => job.id === id) ?? []);
  const metrics = useMetrics(chosen);
  const text = measures.find(([name]) => name === measure)![1];

  const shown = ids.filter((id) => (metrics.get(id)?.length ?? 0) > 0);
  const data = useMemo(() => {
    const tables = shown.map((id): uPlot.AlignedData => {
      const own = metrics.get(id)!;
      return [own.map((one) => (onTime ? one.trainSeconds : one.epoch)), own.map((one) => one[measure])];
    });
    return tables.length === 0 ? null : uPlot.join(tables);
  }, [metrics, shown.join(), measure, onTime]);

  useEffect(() => {
    if (ids.some((id) => named.get(id) === null))
      setQuery({ jobs: ids.filter((id) => named.get(id) !== null).join(',') });
  }, [named]);

  const toggle = (id: string): void =>
    setQuery({ jobs: (ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id]).join(',') });
  return (
    <>
      <div class="page-head">
        <h1>Compare</h1>
        <div class="tools">
          <Choice
            label="What"
            options={measures}
            value={measure}
            onChange={(next: Measure) => setQuery({ measure: next })}
          />
          <Choice
            label="Against"
            options={[
              ['epochs', 'Epochs'],
              ['time', 'Training time'],
            ]}
            value={onTime ? 'time' : 'epochs'}
            onChange={(x) => setQuery({ x })}
          />
          <Choice
            label="Scale"
            options={[
              ['log', 'Log'],
              ['linear', 'Linear'],
            ]}
            value={scale}
            onChange={setScale}
          />
        </div>
      </div>
      <ProblemNotice problem={problem} />
      <Panel title={`${text} of ${formatCount(shown.length, 'job')}`}>
        {data === null ? (
          <Empty>Choose jobs below. A job has a curve from its first epoch on.</Empty>
        ) : (
          <LineChart
            title={`${text} against ${onTime ? 'training time' : 'epochs'}`}
            xLabel={onTime ? 'seconds' : 'epoch'}
            wholeX={!onTime}
            curves={shown.map((id) => ({ label: id, colour: curveName(ids.indexOf(id)), points: true }))}
            data={data}
            scale={scale}
            height={360}
          />
        )}
      </Panel>
      <Panel title="Jobs">
        <ul class="choose-jobs">
          {jobs.map((job) => (
            <li key={job.id}>
              <label>
                <input
                  type="checkbox"
                  checked={ids.includes(job.id)}
                  disabled={!ids.includes(job.id) && ids.length >= CURVES}
                  onChange={() => toggle(job.id)}
                />
                <i
                  class="swatch"
                  style={
                    ids.includes(job.id) ? { borderColor: `var(--${curveName(ids.indexOf(job.id))})` } : {}
                  }
                />
                <span>{job.id}</span>
              </label>
              <StateBadge state={job.state} /> <span class="muted">{progressText(job)}</span>
              <a href={jobLink(job.id)} aria-label={`Open ${job.id}`}>
                Open
              </a>
            </li>
          ))}
        </ul>
        {jobs.length === 0 ? (
          <Empty>{value === null ? 'Loading …' : 'There are no jobs here yet.'}</Empty>
        ) : null}
      </Panel>
    </>
  );
}

const progressText = ({ progress }: Job): string =>
  progress === null
    ? 'not begun'
    : [
        `epoch ${progress.epoch} of ${progress.epochs}`,
        `train loss ${formatNumber(progress.trainLoss)}`,
        `test loss ${formatNumber(progress.testLoss)}`,
        ...(progress.secondsLeft !== null && progress.step < progress.steps
          ? [`${formatSeconds(progress.secondsLeft)} left`]
          : []),
      ].join(', ');
