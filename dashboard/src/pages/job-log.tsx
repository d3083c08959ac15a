import { useEffect, useRef, useState } from 'preact/hooks';
import type { LogLine } from '../api/types.ts';
import { useLog } from '../data/use-log.ts';
import { formatTime } from '../format.ts';
import { Choice } from '../ui/choice.tsx';
import { ProblemNotice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';

/** Lines that the page keeps; the whole log is in the job's files. */
const KEPT = 1000;

const levels = [
  ['debug', 'Debug'],
  ['info', 'Info'],
  ['warn', 'Warn'],
  ['error', 'Error'],
] as const satisfies readonly (readonly [LogLine['level'], string])[];

/** What every line of a job has. */
const common: ReadonlySet<string> = new Set([
  'level',
  'time',
  'msg',
  'service',
  'version',
  'jobId',
  'attempt',
  'fence',
  'number',
  'sequence',
]);

export function JobLog({ id }: { readonly id: string }) {
  const [level, setLevel] = useState<LogLine['level']>('info');
  const [words, setWords] = useState('');
  const [follow, setFollow] = useState(true);
  const { lines, problem } = useLog(id, { level, kept: KEPT, read });
  const box = useRef<HTMLDivElement>(null);
  const shown = lines.filter(({ value }) => value.text.toLowerCase().includes(words.toLowerCase()));
  useEffect(() => {
    if (follow) box.current?.scrollTo(0, box.current.scrollHeight);
  }, [lines, follow, words]);
  return (
    <Panel
      title="Log"
      tools={
        <>
          <Choice label="From level" options={levels} value={level} onChange={setLevel} />
          <input
            type="search"
            placeholder="Filter"
            aria-label="Filter the log"
            value={words}
            onInput={({ currentTarget }) => setWords(currentTarget.value)}
          />
          <label class="check">
            <input type="checkbox" checked={follow} onChange={() => setFollow(!follow)} /> Follow
          </label>
        </>
      }
    >
      <ProblemNotice problem={problem} />
      <div class="log" ref={box} tabIndex={0} role="log" aria-label="Log lines" aria-live="off">
        {shown.map(({ key, value: { line, text } }) => (
          <details key={key} class={`log-line level-${line.level}`}>
            <summary>
              <time dateTime={line.time}>{formatTime(line.time)}</time>{' '}
              <span class="level">{line.level}</span> <span class="log-text">{text}</span>
            </summary>
            <pre>{JSON.stringify(line, null, 2)}</pre>
          </details>
        ))}
      </div>
      <p class="muted">
        {shown.length === lines.length ? `${lines.length} lines` : `${shown.length} of ${lines.length} lines`}
        {lines.length === KEPT ? ', the newest ones' : ''}
      </p>
    </Panel>
  );
}

const read = (line: LogLine): { readonly line: LogLine; readonly text: string } => ({
  line,
  text: textOf(line),
});

const textOf = (line: LogLine): string =>
  [
    line.msg,
    ...Object.entries(line)
      .filter(([name]) => !common.has(name))
      .map(([name, value]) => `${name}=${shortText(value)}`),
  ].join(' ');

/** Lists and objects longer than this are shown with the whole line only. */
const LONG = 80;

function shortText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  const text = JSON.stringify(value);
  return text.length <= LONG ? text : '…';
}
