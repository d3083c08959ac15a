import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatNumber } from '../format.ts';
import { inOwnFrame } from '../ui/own-frame.ts';
import { zoomByKey } from './chart-keys.ts';
import { chartOptions, rangeOf } from './chart-options.ts';
import { scheme } from './colours.ts';
import type { LineChartProps, Range } from './curve.ts';

/** The newest value of a curve, or the one below the pointer. */
const valueAt = (
  column: ArrayLike<number | null | undefined> | undefined,
  index: number | null,
): number | null => {
  if (column === undefined) return null;
  if (index !== null) return column[index] ?? null;
  for (let last = column.length - 1; last >= 0; last -= 1) {
    const value = column[last] ?? null;
    if (value !== null) return value;
  }
  return null;
};

export function LineChart(props: LineChartProps) {
  const { title, xLabel, curves, data, scale, height, small = false } = props;
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const told = useRef(props.onRange);
  told.current = props.onRange;
  const [pointer, setPointer] = useState<number | null>(null);
  const [zoomed, setZoomed] = useState(false);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [width, setWidth] = useState(0);

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);

  const shape = JSON.stringify([curves, xLabel, scale, height, small, scheme.value]);
  useEffect(() => {
    if (width === 0) return undefined;
    const onRange = (range: Range | null): void => {
      setZoomed(range !== null);
      told.current?.(range);
    };
    const options = chartOptions(props, { width, onPointer: setPointer, onRange });
    const made = new uPlot(options, data, place.current!);
    chart.current = made;
    curves.forEach(({ label }, index) => made.setSeries(index + 1, { show: !hidden.has(label) }));
    return () => {
      made.destroy();
      chart.current = null;
      setZoomed(false);
      told.current?.(null);
    };
    // Made anew only where it looks different; data and widths are set.
  }, [shape, width === 0]);

  useEffect(() => {
    if (width > 0) chart.current?.setSize({ width, height });
  }, [width, height]);
  useEffect(() => {
    if (chart.current === null || chart.current.data === data) return undefined;
    return inOwnFrame(() => {
      const { current } = chart;
      if (current === null) return;
      // What is looked at closely stays where it is.
      const range = rangeOf(current);
      current.setData(data, range === null);
      if (range !== null) current.setScale('x', range);
    });
  }, [data]);

  const toggle = (label: string, index: number): void => {
    const next = new Set(hidden);
    if (!next.delete(label)) next.add(label);
    setHidden(next);
    chart.current?.setSeries(index + 1, { show: !next.has(label) });
  };
  const summary = curves
    .map(({ label }, index) => `${label} ${formatNumber(valueAt(data[index + 1], null))}`)
    .join(', ');
  return (
    <div class="chart">
      <div
        ref={place}
        class="chart-canvas"
        style={{ height: `${height}px` }}
        role="img"
        aria-label={`${title}. Newest: ${summary}.${small ? '' : ' Plus and minus zoom, arrows move, 0 shows all.'}`}
        tabIndex={small ? -1 : 0}
        onKeyDown={(event) => {
          if (!small && chart.current && zoomByKey(chart.current, event.key)) event.preventDefault();
        }}
      />
      {small ? null : (
        <div class="legend">
          <span class="legend-x">
            {xLabel} <b>{formatNumber(valueAt(data[0], pointer))}</b>
          </span>
          {curves.map(({ label, colour, dashed = false }, index) => (
            <button
              key={label}
              type="button"
              aria-pressed={!hidden.has(label)}
              title="Show or hide"
              onClick={() => toggle(label, index)}
            >
              <i class={`swatch ${dashed ? 'dashed' : ''}`} style={{ borderColor: `var(--${colour})` }} />
              {label} <b>{formatNumber(valueAt(data[index + 1], pointer))}</b>
            </button>
          ))}
          {zoomed ? (
            <button
              type="button"
              class="reset"
              onClick={() => chart.current && zoomByKey(chart.current, '0')}
            >
              Show all
            </button>
          ) : null}
        </div>
      )}
    </div>
  );
}
