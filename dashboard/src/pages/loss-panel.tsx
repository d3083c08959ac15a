import { useMemo, useState } from 'preact/hooks';
import type { Range } from '../charts/curve.ts';
import { LineChart } from '../charts/line-chart.tsx';
import type { JobRun } from '../data/job-run.ts';
import { lossData, stepsWithin, type LossAxis } from '../data/loss-curves.ts';
import { useStepDetail } from '../data/use-step-detail.ts';
import { Choice } from '../ui/choice.tsx';
import { Empty } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { EpochTable } from './epoch-table.tsx';

const axes = [
  ['step', 'Steps'],
  ['epoch', 'Epochs'],
  ['seconds', 'Time'],
] as const satisfies readonly (readonly [LossAxis, string])[];

const scales = [
  ['log', 'Log'],
  ['linear', 'Linear'],
] as const;

const names: Readonly<Record<LossAxis, string>> = { step: 'step', epoch: 'epoch', seconds: 'seconds' };

const curves = [
  { label: 'batch', colour: 'curve-faint', thin: true },
  { label: 'train', colour: 'curve-1', points: true },
  { label: 'test', colour: 'curve-2', points: true },
] as const;

export interface LossPanelProps {
  readonly id: string;
  readonly run: JobRun;
  readonly version: number;
}

export function LossPanel({ id, run, version }: LossPanelProps) {
  const [axis, setAxis] = useState<LossAxis>('step');
  const [scale, setScale] = useState<'log' | 'linear'>('log');
  const [range, setRange] = useState<Range | null>(null);
  const detail = useStepDetail(id, run, range && stepsWithin(run, axis, range));
  const data = useMemo(() => lossData(run, axis, detail), [version, run, axis, detail]);
  return (
    <Panel
      title="Loss"
      tools={
        <>
          <Choice label="Against" options={axes} value={axis} onChange={setAxis} />
          <Choice label="Scale" options={scales} value={scale} onChange={setScale} />
        </>
      }
    >
      {data[0].length === 0 ? (
        <Empty>The first step is still to come.</Empty>
      ) : (
        <LineChart
          title={`Loss against ${names[axis]}`}
          xLabel={names[axis]}
          wholeX={axis !== 'seconds'}
          curves={curves}
          data={data}
          scale={scale}
          height={320}
          onRange={setRange}
        />
      )}
      <EpochTable epochs={run.epochs} />
    </Panel>
  );
}
