import type { Job, Progress } from '../api/types.ts';
import { Sparkline } from '../charts/sparkline.tsx';
import { isActive } from '../data/job-actions.ts';
import { formatAgo, formatDateTime, formatNumber, formatSeconds } from '../format.ts';
import { jobLink } from '../router.ts';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { StateBadge } from '../ui/state-badge.tsx';

export interface JobRowProps {
  readonly job: Job;
  readonly losses: readonly number[];
  readonly chosen: boolean;
  readonly choosable: boolean;
  readonly onChoose: () => void;
}

export function JobRow({ job, losses, chosen, choosable, onChoose }: JobRowProps) {
  const { id, name, state, progress, submittedAt } = job;
  return (
    <li class="job-row">
      <input
        type="checkbox"
        checked={chosen}
        disabled={!choosable}
        aria-label={`Choose ${id} to compare`}
        onChange={onChoose}
      />
      <span class="job-name">
        <a href={jobLink(id)}>{name}</a>
        <span class="muted id">{id}</span>
      </span>
      <span class="job-state">
        <StateBadge state={state} />
        <span class="muted">{remark(job)}</span>
      </span>
      <span class="job-progress">
        <ProgressBar progress={progress} />
        <span class="muted">
          {progress === null ? 'not begun' : `epoch ${progress.epoch} of ${progress.epochs}`}
          {isActive(state) && progress !== null ? timeLeft(progress) : ''}
        </span>
      </span>
      <span class="job-loss">
        <Sparkline values={losses} label="Loss" />
        <span class="number">{formatNumber(progress?.trainLoss ?? progress?.loss)}</span>
      </span>
      <time class="muted" dateTime={submittedAt} title={formatDateTime(submittedAt)}>
        {formatAgo(submittedAt)}
      </time>
    </li>
  );
}

const timeLeft = ({ secondsLeft }: Progress): string =>
  secondsLeft === null ? '' : `, ${formatSeconds(secondsLeft)} left`;

/** What a state leaves open. */
function remark({ state, position, notBefore, attempt, failure, progress }: Job): string {
  if (state === 'failed' && failure) return failure.code;
  if (state === 'running' && progress?.waiting !== undefined) return 'waiting for workers';
  if (state !== 'queued') return '';
  if (notBefore !== null) return `try ${attempt + 1} after ${formatDateTime(notBefore)}`;
  if (position === null) return '';
  return position === 0 ? 'next in the queue' : `${position} before it`;
}
