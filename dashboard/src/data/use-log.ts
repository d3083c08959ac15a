import { useEffect, useState } from 'preact/hooks';
import { followLog } from '../api/follow-log.ts';
import type { LogLine, Problem } from '../api/types.ts';

/** How often what has come is drawn. */
const DRAW_MS = 300;

export interface LogChoice<T> {
  readonly level: LogLine['level'];
  /** How many lines are kept, the newest. */
  readonly kept: number;
  /** What is kept of a line; null for nothing. */
  readonly read: (line: LogLine) => T | null;
}

/** A line with a number of its own. */
export interface ReadLine<T> {
  readonly key: number;
  readonly value: T;
}

/** A job's log, followed for as long as the component is there. */
export function useLog<T>(id: string, { level, kept, read }: LogChoice<T>) {
  const [lines, setLines] = useState<readonly ReadLine<T>[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    const ended = new AbortController();
    let all: ReadLine<T>[] = [];
    let key = 0;
    let timer: number | null = null;
    setLines([]);
    void followLog(id, {
      level,
      signal: ended.signal,
      onRestart: () => {
        all = [];
      },
      onLine: (line) => {
        const value = read(line);
        if (value === null) return;
        all.push({ key: (key += 1), value });
        if (all.length > 2 * kept) all = all.slice(-kept);
        timer ??= window.setTimeout(() => {
          timer = null;
          setLines(all.slice(-kept));
        }, DRAW_MS);
      },
      onProblem: setProblem,
    });
    return () => {
      ended.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, [id, level]);
  return { lines, problem };
}
