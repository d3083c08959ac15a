import { line } from 'd3-shape';
import type { EpochMetrics } from '../../core/events.js';
import { type Axis, countAxis, valueAxis } from './chart-axes.js';
import { label, MAX_LOSS, round, rule, shortened } from './svg.js';
import { escapeXml } from './xml.js';

const WIDTH = 800;
const HEIGHT = 450;
const PLOT = { left: 92, right: WIDTH - 28, top: 76, bottom: HEIGHT - 60 };
/** More epochs than this are drawn without a dot each. */
const MAX_DOTS = 40;
const MAX_TITLE_LENGTH = 72;
const LEGEND_Y = 56;
const LEGEND_STEP = 220;

/** Okabe and Ito's blue and vermilion (2008): apart for the colour-blind, clear on white and on black. */
const STYLE = `
  text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; font-size: 13px; fill: #57606a; }
  .title { font-size: 16px; font-weight: 600; fill: #1f2328; }
  .card { fill: #ffffff; stroke: #d0d7de; }
  .grid { stroke: #d8dee4; stroke-width: 1; }
  .axis { stroke: #8c959f; stroke-width: 1; }
  .series { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round; }
  .train { stroke: #0072b2; color: #0072b2; }
  .test { stroke: #d55e00; color: #d55e00; stroke-dasharray: 7 4; }
  .dot { fill: currentColor; stroke: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1; }
    .title { fill: #f0f6fc; }
    .card { fill: #0d1117; stroke: #3d444d; }
    .grid { stroke: #21262d; }
    .axis { stroke: #656c76; }
    .train { stroke: #56b4e9; color: #56b4e9; }
    .test { stroke: #ff9a4d; color: #ff9a4d; }
  }`;

interface Point {
  readonly epoch: number;
  readonly loss: number;
}

interface Series {
  readonly name: 'train' | 'test';
  /** In the order of the epochs, at least one. */
  readonly points: readonly Point[];
}

/**
 * The losses of a run over its epochs, as an SVG picture that follows the reader's light or dark
 * colour scheme. The loss axis is logarithmic where the losses are positive and span more than a
 * decade. Losses that are not numbers, or beyond all bounds, are left out.
 */
export function lossChartSvg(metrics: readonly EpochMetrics[], title: string): string {
  const series = seriesOf(metrics);
  const points = series.flatMap((one) => one.points);
  const epochs = countAxis(
    points.map(({ epoch }) => epoch),
    PLOT.left,
    PLOT.right,
  );
  const losses = valueAxis(
    points.map(({ loss }) => loss),
    PLOT.bottom,
    PLOT.top,
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="8"/>`,
    label({ x: PLOT.left, y: 32 }, shortened(title, MAX_TITLE_LENGTH), 'class="title"'),
    ...lossAxis(losses),
    ...epochAxis(epochs),
    ...series.flatMap((one) => curve(one, epochs, losses)),
    ...legend(series),
    '</svg>',
    '',
  ].join('\n');
}

function seriesOf(metrics: readonly EpochMetrics[]): Series[] {
  const points = (lossOf: (epoch: EpochMetrics) => number | null): Point[] =>
    metrics
      .map((one) => ({ epoch: one.epoch, loss: lossOf(one) ?? NaN }))
      .filter(({ epoch, loss }) => Number.isSafeInteger(epoch) && Math.abs(loss) <= MAX_LOSS);
  const series: Series[] = [
    { name: 'train', points: points(({ trainLoss }) => trainLoss) },
    { name: 'test', points: points(({ testLoss }) => testLoss) },
  ];
  return series.filter((one) => one.points.length > 0);
}

function lossAxis({ ticks, logarithmic }: Axis): string[] {
  const middle = (PLOT.top + PLOT.bottom) / 2;
  return [
    ...ticks.flatMap(({ at, label: value }) => [
      rule('grid', PLOT.left, at, PLOT.right, at),
      label({ x: PLOT.left - 10, y: at + 4.5 }, value, 'text-anchor="end"'),
    ]),
    label(
      { x: 24, y: middle },
      logarithmic ? 'loss (log scale)' : 'loss',
      `text-anchor="middle" transform="rotate(-90 24 ${middle})"`,
    ),
  ];
}

function epochAxis({ ticks }: Axis): string[] {
  return [
    rule('axis', PLOT.left, PLOT.bottom, PLOT.right, PLOT.bottom),
    ...ticks.flatMap(({ at, label: value }) => [
      rule('axis', at, PLOT.bottom, at, PLOT.bottom + 5),
      label({ x: at, y: PLOT.bottom + 21 }, value, 'text-anchor="middle"'),
    ]),
    label({ x: (PLOT.left + PLOT.right) / 2, y: HEIGHT - 16 }, 'epoch', 'text-anchor="middle"'),
  ];
}

function curve({ name, points }: Series, epochs: Axis, losses: Axis): string[] {
  const x = ({ epoch }: Point): number => epochs.place(epoch);
  const y = ({ loss }: Point): number => losses.place(loss);
  const path = `<path class="series ${name}" d="${line(x, y)(points) ?? ''}"/>`;
  if (points.length > MAX_DOTS) return [path];
  return [
    path,
    ...points.map(
      (point) => `<circle class="dot ${name}" cx="${round(x(point))}" cy="${round(y(point))}" r="3.5"/>`,
    ),
  ];
}

/** A sample of each curve with its name and last loss. */
function legend(series: readonly Series[]): string[] {
  if (series.length === 0) return [label({ x: PLOT.left, y: LEGEND_Y }, 'no epoch is done yet')];
  return series.flatMap(({ name, points }, i) => {
    const x = PLOT.left + i * LEGEND_STEP;
    const last = points.at(-1)?.loss ?? NaN;
    return [
      rule(`series ${name}`, x, LEGEND_Y - 4.5, x + 28, LEGEND_Y - 4.5),
      label({ x: x + 38, y: LEGEND_Y }, `${name} loss, last ${Number(last.toPrecision(4))}`),
    ];
  });
}
