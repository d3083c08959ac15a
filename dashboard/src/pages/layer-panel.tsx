import { useMemo, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { LayerMetrics } from '../api/types.ts';
import { LineChart } from '../charts/line-chart.tsx';
import type { EpochPoint, JobRun } from '../data/job-run.ts';
import { formatCount, formatNumber, formatTime, formatWhole } from '../format.ts';
import { Choice } from '../ui/choice.tsx';
import { Empty } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';

const curves = [
  { label: 'before', colour: 'curve-2', dashed: true },
  { label: 'after', colour: 'curve-1' },
] as const;

const decrease = [{ label: 'decrease', colour: 'curve-3' }] as const;

const views = [
  ['values', 'Before and after'],
  ['decrease', 'Decrease'],
] as const;
type View = (typeof views)[number][0];

const scales = [
  ['linear', 'Linear'],
  ['log', 'Log'],
] as const;

export type LayerPanelProps = Pick<JobRun, 'epochs' | 'guards' | 'guardCount'>;

/** What the local problems of each layer come to, and where the guard stepped in. */
export function LayerPanel({ epochs, guards, guardCount }: LayerPanelProps) {
  const [scale, setScale] = useState<'linear' | 'log'>('linear');
  const [view, setView] = useState<View>('values');
  const layers = epochs.at(-1)?.layers ?? [];
  return (
    <>
      <Panel
        title="Local objectives"
        tools={
          <>
            <Choice label="What" options={views} value={view} onChange={setView} />
            <Choice label="Scale" options={scales} value={scale} onChange={setScale} />
          </>
        }
      >
        <ul class="legend" aria-label="Curves" hidden={view === 'decrease'}>
          {curves.map(({ label, colour }) => (
            <li key={label}>
              <i
                class={`swatch ${label === 'before' ? 'dashed' : ''}`}
                style={{ borderColor: `var(--${colour})` }}
              />{' '}
              {label} the local iterations
            </li>
          ))}
        </ul>
        {layers.length === 0 ? <Empty>They are told at the end of the first epoch.</Empty> : null}
        <ul class="layer-charts" aria-label="Layers">
          {layers.map((_, index) => (
            <li key={index}>
              <LayerChart epochs={epochs} index={index} scale={scale} view={view} />
            </li>
          ))}
        </ul>
      </Panel>
      <GuardEvents guards={guards} guardCount={guardCount} />
    </>
  );
}

interface LayerChartProps {
  readonly epochs: readonly EpochPoint[];
  readonly index: number;
  readonly scale: 'linear' | 'log';
  readonly view: View;
}

function LayerChart({ epochs, index, scale, view }: LayerChartProps) {
  const data = useMemo((): uPlot.AlignedData => {
    const own = epochs.map(({ layers }) => layers[index]);
    // A logarithm has no place for what is not positive.
    const shown = (value: number | null | undefined): number | null =>
      value === undefined || value === null || (scale === 'log' && value <= 0) ? null : value;
    const xs = epochs.map(({ epoch }) => epoch);
    if (view === 'decrease') return [xs, own.map((layer) => shown(decreaseOf(layer)))];
    return [
      xs,
      own.map((layer) => shown(layer?.objectiveBefore)),
      own.map((layer) => shown(layer?.objectiveAfter)),
    ];
  }, [epochs, index, scale, view]);
  const last = epochs.at(-1)?.layers[index];
  const sum = (count: 'guardRedone' | 'guardGaveUp'): number =>
    epochs.reduce((total, { layers }) => total + (layers[index]?.[count] ?? 0), 0);
  const [redone, gaveUp] = [sum('guardRedone'), sum('guardGaveUp')];
  return (
    <>
      <h3>
        layer {index + 1}
        {redone > 0 ? <span class="badge state-paused">{formatWhole(redone)} redone</span> : null}
        {gaveUp > 0 ? <span class="badge state-failed">{formatWhole(gaveUp)} given up</span> : null}
      </h3>
      <LineChart
        title={`Local objective of layer ${index + 1} against epochs`}
        xLabel="epoch"
        wholeX
        curves={view === 'values' ? curves : decrease}
        data={data}
        scale={scale}
        height={130}
        small
      />
      <p class="muted number">
        {formatNumber(last?.objectiveBefore)} → {formatNumber(last?.objectiveAfter)}, down by{' '}
        {formatNumber(decreaseOf(last))}
      </p>
    </>
  );
}

function decreaseOf(layer: LayerMetrics | undefined): number | null {
  const { objectiveBefore = null, objectiveAfter = null } = layer ?? {};
  return objectiveBefore === null || objectiveAfter === null ? null : objectiveBefore - objectiveAfter;
}

function GuardEvents({ guards, guardCount }: Pick<JobRun, 'guards' | 'guardCount'>) {
  return (
    <Panel title={`Guard: ${formatCount(guardCount, 'solve')} refused`}>
      {guards.length === 0 ? (
        <Empty>No local problem had a solution that was refused.</Empty>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Solves that were refused">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Step</th>
                <th scope="col">Layer</th>
                <th scope="col">Try</th>
                <th scope="col">Rate ×</th>
                <th scope="col">Before</th>
                <th scope="col">After</th>
                <th scope="col">Then</th>
              </tr>
            </thead>
            <tbody>
              {guards.toReversed().map((guard) => (
                <tr key={guard.sequence}>
                  <td>{formatTime(guard.time)}</td>
                  <td>{formatWhole(guard.step)}</td>
                  <td>{guard.layer}</td>
                  <td>{guard.attempt}</td>
                  <td>{formatNumber(guard.learningRateFactor)}</td>
                  <td>{formatNumber(guard.objectiveBefore)}</td>
                  <td>{formatNumber(guard.objectiveAfter)}</td>
                  <td>{guard.type === 'guard.redone' ? 'solved again' : 'left as it was'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
