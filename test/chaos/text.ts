import type { Report } from './play.js';

/** A run in one line, and why it failed below it. */
export function lineOf({ seed, workers, wire, faults, recoveries, seconds, failure }: Report): string {
  const told = faults.map(({ what, noticedMs }) =>
    noticedMs === null ? what : `${what} (noticed ${noticedMs} ms)`,
  );
  const verdict = failure === null ? 'same bits' : 'FAILED';
  const line = `seed ${seed}  ${workers} × ${wire}  ${told.join('; ')}  ${recoveries} recovered  ${seconds.toFixed(1)} s  ${verdict}`;
  return failure === null ? line : `${line}\n${failure}`;
}

/** How often each kind of fault was played, and how soon it was noticed. */
export function summaryOf(reports: readonly Report[]): string {
  const kinds = new Map<string, (number | null)[]>();
  for (const { what, noticedMs } of reports.flatMap(({ faults }) => faults)) {
    const kind = what.replace(/^\d+: /, '').replace(/ (\d|w\d).*$/, '');
    kinds.set(kind, [...(kinds.get(kind) ?? []), noticedMs]);
  }
  const rows = [...kinds].sort().map(([kind, times]) => {
    const noticed = times.filter((time) => time !== null).sort((a, b) => a - b);
    const middle = noticed[Math.floor(noticed.length / 2)];
    const figures = [times.length, noticed.length, middle ?? '–', noticed.at(-1) ?? '–'];
    return `${kind.padEnd(18)}${figures.map((figure) => String(figure).padStart(10)).join('')}`;
  });
  const head = `${'fault'.padEnd(18)}${['injected', 'noticed', 'median ms', 'most ms'].map((name) => name.padStart(10)).join('')}`;
  const failed = reports.filter(({ failure }) => failure !== null);
  const again = failed.map(({ seed }) => `npm run chaos -- --runs 1 --seed ${seed}`);
  return ['', head, ...rows, '', `${reports.length} runs, ${failed.length} failed`, ...again].join('\n');
}
