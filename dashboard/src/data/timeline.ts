import type { Worker, WorkerSolve } from '../api/types.ts';

/** From when to when, in milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Lane {
  readonly worker: string;
  readonly receive: readonly Span[];
  readonly solve: readonly Span[];
  readonly send: readonly Span[];
  /** Of the time that is shown; a worker may receive while it solves. */
  readonly shares: {
    readonly receive: number;
    readonly solve: number;
    readonly send: number;
    readonly idle: number;
  };
}

export interface Timeline {
  /** What is shown. */
  readonly span: Span;
  readonly lanes: readonly Lane[];
}

/** What workers did of late, over the time of which all that is known; null before the first solve. */
export function timelineOf(workers: readonly Pick<Worker, 'worker' | 'timeline'>[]): Timeline | null {
  const all = workers.map(({ worker, timeline }) => ({ worker, solves: timeline.map(spansOf) }));
  const known = all.filter(({ solves }) => solves.length > 0);
  if (known.length === 0) return null;
  const starts = known.map(({ solves }) => Math.min(...solves.map(({ receive }) => receive.from)));
  const to = Math.max(...known.flatMap(({ solves }) => solves.map(({ send }) => send.to)));
  const span = { from: Math.max(...starts), to };
  if (span.to <= span.from) return null;
  return { span, lanes: all.map(({ worker, solves }) => laneOf(worker, solves, span)) };
}

type SolveSpans = Readonly<Record<'receive' | 'solve' | 'send', Span>>;

function spansOf(solve: WorkerSolve): SolveSpans {
  const from = Date.parse(solve.startedAt);
  const received = from + 1000 * solve.receiveSeconds;
  const began = received + 1000 * solve.waitSeconds;
  const solved = began + 1000 * solve.solveSeconds;
  return {
    receive: { from, to: received },
    solve: { from: began, to: solved },
    send: { from: solved, to: solved + 1000 * solve.sendSeconds },
  };
}

function laneOf(worker: string, solves: readonly SolveSpans[], span: Span): Lane {
  const within = (spans: readonly Span[]): Span[] => merged(spans, span);
  const receive = within(solves.map((one) => one.receive));
  const solve = within(solves.map((one) => one.solve));
  const send = within(solves.map((one) => one.send));
  const share = (spans: readonly Span[]): number =>
    spans.reduce((sum, { from, to }) => sum + to - from, 0) / (span.to - span.from);
  return {
    worker,
    receive,
    solve,
    send,
    shares: {
      receive: share(receive),
      solve: share(solve),
      send: share(send),
      idle: 1 - share(within([...receive, ...solve, ...send])),
    },
  };
}

/** The same times, as far as they are shown, without overlaps. */
function merged(spans: readonly Span[], { from: first, to: last }: Span): Span[] {
  const cut = spans
    .map(({ from, to }) => ({ from: Math.max(from, first), to: Math.min(to, last) }))
    .filter(({ from, to }) => to > from)
    .sort((one, other) => one.from - other.from);
  const result: Span[] = [];
  for (const span of cut) {
    const before = result.at(-1);
    if (before && span.from <= before.to)
      result[result.length - 1] = { from: before.from, to: Math.max(before.to, span.to) };
    else result.push(span);
  }
  return result;
}
