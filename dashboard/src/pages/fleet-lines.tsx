import { formatTime } from '../format.ts';

export interface FleetLine {
  readonly time: string;
  readonly type: string;
  readonly worker: string | null;
  readonly reason: string | null;
  /** Of a part that was recovered: who had it. */
  readonly from: string | null;
  readonly part: { readonly layer: number; readonly worker: string } | null;
}

const bad: ReadonlySet<string> = new Set(['worker.lost', 'worker.restarted', 'run.waiting']);

/** The newest first. */
export const FleetLines = ({ lines }: { readonly lines: readonly FleetLine[] }) => (
  <ul class="lines fleet">
    {lines.toReversed().map((line, index) => (
      <li key={`${line.time} ${lines.length - index}`} class={bad.has(line.type) ? 'bad' : ''}>
        <time dateTime={line.time}>{formatTime(line.time)}</time> {textOf(line)}
      </li>
    ))}
  </ul>
);

function textOf({ type, worker, reason, from, part }: FleetLine): string {
  const who = worker ?? 'a worker';
  const why = reason === null ? '' : `: ${reason}`;
  switch (type) {
    case 'worker.joined':
      return `${who} joined`;
    case 'worker.left':
      return `${who} left${why}`;
    case 'worker.lost':
      return `${who} was lost${why}`;
    case 'worker.restarted':
      return `${who} has ended and is started again${why}`;
    case 'part.recovered':
      return `columns of layer ${part?.layer ?? '?'} went from ${from ?? 'a lost worker'} to ${part?.worker ?? 'another'}`;
    case 'run.waiting':
      return `the run waits for a worker${why}`;
    case 'run.alone':
      return `workers are not used${why}`;
    default:
      return `${type} ${worker ?? ''}${why}`;
  }
}
