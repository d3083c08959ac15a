import { useEffect, useState } from 'preact/hooks';
import { getJson, problemFrom } from '../api/client.ts';
import { pause } from '../api/pause.ts';
import type { Problem } from '../api/types.ts';
import { visible } from '../api/visible.ts';

export interface Polled<T> {
  readonly value: T | null;
  /** Of the newest try; what came before is still there. */
  readonly problem: Problem | null;
  readonly loadedAt: number;
}

/** A resource that is asked for again and again while the page is looked at, and at once where `round` changes. */
export function usePolled<T>(path: string, periodMs: number, round = ''): Polled<T> {
  const [polled, setPolled] = useState<Polled<T>>({ value: null, problem: null, loadedAt: 0 });
  useEffect(() => {
    const ended = new AbortController();
    void poll<T>(path, periodMs, ended.signal, (next) => setPolled((before) => ({ ...before, ...next })));
    return () => ended.abort();
  }, [path, periodMs, round]);
  return polled;
}

async function poll<T>(
  path: string,
  periodMs: number,
  signal: AbortSignal,
  show: (polled: Partial<Polled<T>>) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const value = await getJson<T>(path, signal);
      show({ value, problem: null, loadedAt: Date.now() });
    } catch (error) {
      const problem = problemFrom(error);
      if (problem) show({ problem });
      if (problem?.status === 401 || problem?.status === 404) return;
    }
    await pause(periodMs, signal);
    await visible(signal);
  }
}
