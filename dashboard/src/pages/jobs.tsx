import { useEffect, useState } from 'preact/hooks';
import type { Job, JobPage, JobState } from '../api/types.ts';
import { CURVES } from '../charts/colours.ts';
import { lossesOf, noteLosses } from '../data/losses.ts';
import { usePolled } from '../data/use-polled.ts';
import { go, route, setQuery } from '../router.ts';
import { Choice } from '../ui/choice.tsx';
import { Empty, ProblemNotice } from '../ui/notice.tsx';
import { JobRow } from './job-row.tsx';

const PERIOD_MS = 2000;
const PAGE = 100;
/** What the coordinator gives at once. */
const LARGEST_PAGE = 500;

const filters = {
  all: [],
  active: ['queued', 'running', 'pausing', 'paused', 'cancelling'],
  completed: ['completed'],
  failed: ['failed', 'cancelled'],
} as const satisfies Record<string, readonly JobState[]>;
type Filter = keyof typeof filters;

const filterOptions = [
  ['all', 'All'],
  ['active', 'Active'],
  ['completed', 'Completed'],
  ['failed', 'Failed or cancelled'],
] as const;

export function JobsPage() {
  const { query } = route.value;
  const shown = query.get('show') ?? 'all';
  const filter: Filter = shown in filters ? (shown as Filter) : 'all';
  const words = query.get('search') ?? '';
  const [limit, setLimit] = useState(PAGE);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [, setCurves] = useState(0);
  const wanted: readonly JobState[] = filters[filter];
  const states = wanted.join(',');
  const path = `/v1/jobs?limit=${limit}${states === '' ? '' : `&state=${states}`}`;
  const { value, problem } = usePolled<JobPage>(path, PERIOD_MS);
  // What came before the filter was changed is there until the next answer.
  const jobs = (value?.jobs ?? []).filter(
    (job) => (wanted.length === 0 || wanted.includes(job.state)) && meets(job, words),
  );

  useEffect(() => {
    if (value === null) return;
    void noteLosses(value.jobs).then(() => setCurves((count) => count + 1));
  }, [value]);

  const choose = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <>
      <div class="page-head">
        <h1>Jobs</h1>
        <div class="tools">
          <Choice
            label="Which jobs"
            options={filterOptions}
            value={filter}
            onChange={(show) => setQuery({ show })}
          />
          <input
            type="search"
            placeholder="Name, id or state"
            aria-label="Search jobs"
            value={words}
            onInput={({ currentTarget }) => setQuery({ search: currentTarget.value })}
          />
          {chosen.size === 0 ? null : (
            <button type="button" onClick={() => go(`#/compare?jobs=${[...chosen].join(',')}`)}>
              Compare {chosen.size}
            </button>
          )}
          <a class="button primary" href="#/submit">
            Submit a job
          </a>
        </div>
      </div>
      <ProblemNotice problem={problem} />
      {jobs.length === 0 ? (
        <Empty>{emptyText(value, words)}</Empty>
      ) : (
        <div class="job-list panel">
          <div class="job-row job-list-head" aria-hidden="true">
            <span />
            <span>Job</span>
            <span>State</span>
            <span>Progress</span>
            <span>Loss</span>
            <span>Submitted</span>
          </div>
          <ul aria-label="Jobs, the newest first">
            {jobs.map((job) => (
              <JobRow
                key={job.id}
                job={job}
                losses={lossesOf(job.id)}
                chosen={chosen.has(job.id)}
                choosable={chosen.has(job.id) || chosen.size < CURVES}
                onChoose={() => choose(job.id)}
              />
            ))}
          </ul>
        </div>
      )}
      {value === null || value.next === null ? null : limit < LARGEST_PAGE ? (
        <button type="button" onClick={() => setLimit(limit + PAGE)}>
          Show older jobs
        </button>
      ) : (
        <Empty>These are the newest {LARGEST_PAGE}; `locoprop jobs` lists all.</Empty>
      )}
    </>
  );
}

const meets = ({ id, name, state }: Job, words: string): boolean =>
  words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => `${id} ${name} ${state}`.includes(word));

function emptyText(page: JobPage | null, words: string): string {
  if (page === null) return 'Loading …';
  return words === '' && page.jobs.length === 0 ? 'There are no jobs here yet.' : 'No job fits.';
}
