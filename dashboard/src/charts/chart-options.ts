import type uPlot from 'uplot';
import { formatNumber } from '../format.ts';
import { colour } from './colours.ts';
import { logRange, logTicks, WHOLE_STEPS } from './log-axis.ts';
import type { LineChartProps, Range } from './curve.ts';

const FONT = '12px system-ui, sans-serif';
/** As uPlot numbers them; its enumeration is there for types only. */
const LINEAR = 1 as uPlot.Scale.Distr;
const LOGARITHMIC = 3 as uPlot.Scale.Distr;

/** CSS pixels: the diameter of a point, and the least mean distance at which points are shown. */
const POINT_SIZE = 5;
const POINT_SPACE = 2 * POINT_SIZE;

export interface ChartHooks {
  /** CSS pixels. */
  readonly width: number;
  /** Index of the point below the pointer; null where there is none. */
  readonly onPointer: (index: number | null) => void;
  /** Null where all is shown. */
  readonly onRange: (range: Range | null) => void;
}

export function chartOptions(
  { curves, scale, height, wholeX = false, small = false }: LineChartProps,
  { width, onPointer, onRange }: ChartHooks,
): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: colour('muted'),
    font: FONT,
    grid: { stroke: colour('grid'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: {
      drag: { x: !small, y: false, setScale: true },
      points: { size: 6 },
      y: false,
      ...(small && { show: false }),
    },
    scales: {
      x: { time: false },
      y: scale === 'log' ? { distr: LOGARITHMIC, range: logRange } : { distr: LINEAR },
    },
    axes: [
      {
        ...axis,
        size: 28,
        values: (_, splits) => splits.map(formatNumber),
        ...(wholeX && { incrs: WHOLE_STEPS }),
      },
      {
        ...axis,
        size: (_, values: readonly string[] | null) =>
          14 + 7 * Math.max(3, ...(values ?? []).map(({ length }) => length)),
        values: (_, splits) =>
          splits.map((value) => ((value as number | null) === null ? '' : formatNumber(value))),
        space: small ? 26 : 40,
        ...(scale === 'log' && {
          splits: (_chart, _axis, min, max) => logTicks(min, max),
          filter: (_, splits) => splits,
        }),
      },
    ],
    series: [
      {},
      ...curves.map(
        ({ label, colour: name, dashed = false, thin = false, points = false }): uPlot.Series => ({
          label,
          stroke: colour(name),
          width: thin ? 1 : 2,
          ...(dashed && { dash: [5, 4] }),
          points: { show: points && hasRoom, size: POINT_SIZE, fill: colour(name) },
          // Curves of different points share an axis, and have gaps where only others have a point.
          spanGaps: true,
        }),
      ),
    ],
    hooks: {
      setCursor: [({ cursor }) => onPointer(cursor.idx ?? null)],
      setScale: [
        (chart, key) => {
          if (key === 'x') onRange(rangeOf(chart));
        },
      ],
    },
  };
}

/** Whether the points of a curve that are in view lie apart. */
function hasRoom({ data, bbox }: uPlot, series: number, first: number, last: number): boolean {
  const most = bbox.width / devicePixelRatio / POINT_SPACE;
  const values = data[series]!;
  let count = 0;
  for (let index = first; index <= last && count <= most; index += 1)
    if (typeof values[index] === 'number') count += 1;
  return count <= most;
}

/** What is looked at closely, in units of x; null where all is shown. */
export function rangeOf({ data: [xs], scales }: uPlot): Range | null {
  const { min = null, max = null } = scales['x']!;
  const [first, last] = [xs[0], xs[xs.length - 1]];
  if (min === null || max === null || first === undefined || last === undefined) return null;
  return min > first || max < last ? { min, max } : null;
}
