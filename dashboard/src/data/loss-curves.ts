import uPlot from 'uplot';
import type { StepPoint } from '../api/types.ts';
import type { Range } from '../charts/curve.ts';
import type { JobRun } from './job-run.ts';

export type LossAxis = 'step' | 'epoch' | 'seconds';

/** Two curves of few points and one of many, on one axis. */
export function lossData(
  { steps, epochs, started }: JobRun,
  axis: LossAxis,
  detail: readonly StepPoint[],
): uPlot.AlignedData {
  const perEpoch = started?.stepsPerEpoch ?? 1;
  const own = steps.column('step');
  const [first, last] = [detail[0]?.step ?? Infinity, detail.at(-1)?.step ?? Infinity];
  // What is looked at closely takes the place of its outline.
  const before = own.findIndex((step) => step >= first);
  const behind = own.findIndex((step) => step > last);
  const [end, start] = [before === -1 ? own.length : before, behind === -1 ? own.length : behind];
  const joined = (column: 'step' | 'loss' | 'seconds', of: (point: StepPoint) => number): Float64Array => {
    const values = steps.column(column);
    const all = new Float64Array(end + detail.length + values.length - start);
    all.set(values.subarray(0, end));
    all.set(detail.map(of), end);
    all.set(values.subarray(start), end + detail.length);
    return all;
  };
  const onAxis = {
    step: () => joined('step', ({ step }) => step),
    epoch: () => onAxis.step().map((step) => step / perEpoch),
    seconds: () => joined('seconds', ({ trainSeconds }) => trainSeconds),
  };
  const ofEpoch = { step: 'step', epoch: 'epoch', seconds: 'trainSeconds' } as const;
  // Steps of the same moment cannot be told apart on a clock.
  return uPlot.join([
    [onAxis[axis](), joined('loss', ({ loss }) => loss ?? NaN)],
    [
      epochs.map((epoch) => epoch[ofEpoch[axis]]),
      epochs.map(({ trainLoss }) => trainLoss),
      epochs.map(({ testLoss }) => testLoss),
    ],
  ]);
}

/** The steps that a range of an axis has. */
export function stepsWithin({ steps, started }: JobRun, axis: LossAxis, { min, max }: Range): Range {
  const perEpoch = started?.stepsPerEpoch ?? 1;
  if (axis !== 'seconds') {
    const unit = axis === 'epoch' ? perEpoch : 1;
    return { min: Math.max(0, Math.floor(min * unit)), max: Math.ceil(max * unit) };
  }
  const seconds = steps.column('seconds');
  const own = steps.column('step');
  const from = seconds.findIndex((value) => value >= min);
  const to = seconds.findIndex((value) => value >= max);
  return { min: own[Math.max(0, from - 1)] ?? 0, max: own[to] ?? own[own.length - 1] ?? 0 };
}
