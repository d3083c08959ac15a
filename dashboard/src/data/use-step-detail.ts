import { useEffect, useState } from 'preact/hooks';
import { getJson, jobPath, problemFrom } from '../api/client.ts';
import type { JobSteps, StepPoint } from '../api/types.ts';
import type { Range } from '../charts/curve.ts';
import type { JobRun } from './job-run.ts';

/** Of a range; a chart has hardly more pixels. */
const POINTS = 4000;
/** Of dragging and of keys, before more is asked for. */
const QUIET_MS = 300;

const NONE: readonly StepPoint[] = [];

/** The steps of a range that is looked at closely, where the page itself has but an outline of them. */
export function useStepDetail(id: string, run: JobRun, range: Range | null): readonly StepPoint[] {
  const [detail, setDetail] = useState(NONE);
  const wanted =
    range === null || !isThinned(run) ? null : `?from=${range.min}&to=${range.max}&points=${POINTS}`;
  useEffect(() => {
    setDetail(NONE);
    if (wanted === null) return undefined;
    const ended = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        setDetail((await getJson<JobSteps>(jobPath(id, `/steps${wanted}`), ended.signal)).steps);
      } catch (error) {
        // The outline stays.
        problemFrom(error);
      }
    };
    const timer = setTimeout(() => void ask(), QUIET_MS);
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [id, run, wanted]);
  return detail;
}

const isThinned = ({ steps }: JobRun): boolean =>
  steps.last !== null && steps.length < steps.last.step - steps.at(0).step + 1;
