import { useRef } from 'preact/hooks';
import type { JobPage, PlacedColumns, Worker, Workers } from '../api/types.ts';
import { curveName } from '../charts/colours.ts';
import { LayerMap } from '../charts/layer-map.tsx';
import { usePolled } from '../data/use-polled.ts';
import {
  formatCount,
  formatAgo,
  formatBytes,
  formatDateTime,
  formatNumber,
  formatPercent,
  formatWhole,
} from '../format.ts';
import { jobLink } from '../router.ts';
import { Empty, ProblemNotice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { FleetLog } from './fleet-log.tsx';
import { TimelinePanel } from './timeline-panel.tsx';

const PERIOD_MS = 1500;
/** Problems of each worker that its timeline is made of. */
const SOLVES = 64;
/** Of workers that have gone, how many are still shown. */
const KEPT = 50;

/** Jobs whose logs are followed: browsers open six connections to a server. */
const FOLLOWED = 2;

interface Gone {
  readonly worker: Worker;
  readonly at: string;
}

export function WorkersPage() {
  const { value, problem, loadedAt } = usePolled<Workers>(`/v1/workers?timeline=${SOLVES}`, PERIOD_MS);
  const active =
    usePolled<JobPage>(`/v1/jobs?state=running,pausing&limit=${FOLLOWED}`, 3 * PERIOD_MS).value?.jobs ?? [];
  const workers = value?.workers ?? [];
  const gone = useGone(value?.workers ?? null, loadedAt);
  const names = workers.map(({ worker }) => worker);
  const jobs = [...new Set(workers.flatMap(({ parts }) => parts.map(({ job }) => job)))].sort();
  return (
    <>
      <div class="page-head">
        <h1>Workers</h1>
        <p class="muted">{value === null ? '' : summary(workers)}</p>
      </div>
      <ProblemNotice problem={problem} />
      {workers.length === 0 && value !== null ? (
        <Empty>
          There are no workers. `locoprop worker --coordinator HOST:PORT` starts one, and `locoprop up
          --workers 2` two on this machine.
        </Empty>
      ) : null}
      <ul class="cards" aria-label="Workers">
        {workers.map((worker, index) => (
          <WorkerCard key={worker.worker} worker={worker} colour={curveName(index)} />
        ))}
      </ul>
      <TimelinePanel workers={workers} />
      {jobs.map((job) => (
        <Panel key={job} title={`Layers of ${job}`} tools={<a href={jobLink(job)}>Open the job</a>}>
          <LayerMap parts={partsOf(workers, job)} workers={names} />
        </Panel>
      ))}
      {gone.length === 0 ? null : (
        <Panel title="Gone since this page was opened">
          <ul class="lines">
            {gone.map(({ worker: { worker, host }, at }) => (
              <li key={`${worker} ${at}`}>
                <time dateTime={at}>{formatDateTime(at)}</time> <b>{worker}</b> on {host}
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {active.map(({ id }) => (
        <FleetLog key={id} job={id} />
      ))}
    </>
  );
}

const partsOf = (workers: readonly Worker[], job: string): PlacedColumns[] =>
  workers.flatMap(({ worker, parts }) =>
    parts.filter((part) => part.job === job).map(({ layer, start, end }) => ({ layer, start, end, worker })),
  );

const summary = (workers: readonly Worker[]): string => {
  const gflops = workers.reduce((sum, worker) => sum + worker.gflops, 0);
  return `${workers.length} attached, ${formatNumber(gflops)} GFLOP/s together`;
};

function WorkerCard({ worker, colour }: { readonly worker: Worker; readonly colour: string }) {
  const since = (Date.now() - Date.parse(worker.joinedAt)) / 1000;
  const columns = worker.parts.reduce((sum, { start, end }) => sum + end - start, 0);
  const facts: readonly (readonly [string, string])[] = [
    ['Host', worker.host],
    ['Engine', `${worker.engine}, ${formatCount(worker.threads, 'thread')}`],
    ['Speed', `${formatNumber(worker.gflops)} GFLOP/s`],
    ['Memory', formatBytes(worker.memoryBytes)],
    ['Link', `${formatBytes(worker.bandwidth)}/s`],
    ['Busy', formatPercent(Math.min(1, worker.busySeconds / Math.max(since, 1)))],
    ['Solves', formatWhole(worker.solves)],
    ['Transferred', formatBytes(worker.bytes)],
    ['Holds', `${formatCount(worker.parts.length, 'part')}, ${formatWhole(columns)} columns`],
    ['Joined', formatAgo(worker.joinedAt)],
  ];
  return (
    <li class="panel card">
      <h2>
        <i class="block" style={{ background: `var(--${colour})` }} /> {worker.worker}
        {worker.leaving ? <span class="badge state-paused">leaving</span> : null}
      </h2>
      <dl class="facts">
        {facts.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

/** Workers that were here when the page looked before, the newest first. */
function useGone(workers: readonly Worker[] | null, loadedAt: number): readonly Gone[] {
  const before = useRef<readonly Worker[]>([]);
  const gone = useRef<readonly Gone[]>([]);
  const looked = useRef(0);
  if (workers !== null && looked.current !== loadedAt) {
    looked.current = loadedAt;
    // A worker that has come again has joined anew.
    const here = new Set(workers.map(({ worker, joinedAt }) => `${worker} ${joinedAt}`));
    const left = before.current.filter(({ worker, joinedAt }) => !here.has(`${worker} ${joinedAt}`));
    const at = new Date(loadedAt).toISOString();
    gone.current = [...left.map((worker) => ({ worker, at })), ...gone.current].slice(0, KEPT);
    before.current = workers;
  }
  return gone.current;
}
