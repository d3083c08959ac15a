import { line } from 'd3-shape';
import { endLoss, type CompareResult, type ContenderResult } from '../../core/compare/result.js';
import type { EpochMetrics } from '../../core/events.js';
import { countAxis, ratioAxis, valueAxis, type Axis } from './chart-axes.js';
import { spreadLabels } from './spread-labels.js';
import { label, MAX_LOSS, MIN_LOSS, round, rule, shortened } from './svg.js';
import { escapeXml } from './xml.js';

const WIDTH = 1200;
const PANEL_HEIGHT = 380;
const TOP = 92;
const BOTTOM = TOP + PANEL_HEIGHT;
/** The labels of the curves stand between the panels, where those of the first one end. */
const FIRST = { left: 76, right: 446 };
const LABELS = { sample: 474, text: 508 };
const SECOND = { left: 802, right: WIDTH - 28 };
const LABEL_DISTANCE = 19;
const MAX_TITLE_LENGTH = 100;
/** Losses of more than so many times the lowest one are not drawn. */
const MOST_ABOVE = 1000;
/** More epochs than this are drawn without a dot each. */
const MAX_DOTS = 40;

/** Okabe and Ito's colours (2008) but yellow, which white swallows; for light and for dark pages. */
const COLOURS = [
  ['#0072b2', '#56a8e9'],
  ['#d55e00', '#ff8a3d'],
  ['#009e73', '#2fc79b'],
  ['#b5559a', '#e79cc9'],
  ['#b58900', '#e6b422'],
  ['#4b5563', '#c9d1d9'],
] as const;
/** Whoever comes after all colours were given gets one of them with the next dashes. */
const DASHES = ['none', '7 4', '2 3.5', '11 3 2 3'] as const;

const STYLE = `
  text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; font-size: 14px; fill: #57606a; }
  .title { font-size: 18px; font-weight: 600; fill: #1f2328; }
  .panel { font-weight: 600; }
  .name { fill: #1f2328; }
  .card { fill: #ffffff; stroke: #d0d7de; }
  .grid { stroke: #d8dee4; stroke-width: 1; }
  .axis { stroke: #8c959f; stroke-width: 1; }
  .series { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: butt; }
  .leader { fill: none; stroke-width: 1; opacity: 0.5; }
  .dot { fill: currentColor; stroke: none; }
${COLOURS.map(([light], i) => `  .colour-${i} { stroke: ${light}; color: ${light}; }`).join('\n')}
${DASHES.map((dashes, i) => `  .dashes-${i} { stroke-dasharray: ${dashes}; }`).join('\n')}
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1; }
    .title, .name { fill: #f0f6fc; }
    .card { fill: #0d1117; stroke: #3d444d; }
    .grid { stroke: #21262d; }
    .axis { stroke: #656c76; }
${COLOURS.map(([, dark], i) => `    .colour-${i} { stroke: ${dark}; color: ${dark}; }`).join('\n')}
  }`;

interface Curve {
  readonly name: string;
  readonly colour: string;
  readonly dashes: string;
  /** Epochs with a loss that can be drawn; at least one. */
  readonly points: readonly EpochMetrics[];
}

/**
 * The training losses of a comparison by epoch and by second of training, as an SVG picture of two panels
 * that follows the reader's light or dark colour scheme. The loss axes are logarithmic; the seconds' is
 * where they span more than a decade. Each curve's name and last loss stand beside its end; contenders
 * that are not drawn to their end are named below.
 */
export function compareChartSvg({ title, contenders }: CompareResult): string {
  const lowest = contenders
    .flatMap(lossesOf)
    .reduce((least, loss) => Math.min(least, loss), MAX_LOSS / MOST_ABOVE);
  const curves = contenders
    .map((one, index) => ({ name: one.name, ...styleOf(index), points: pointsOf(one, lowest) }))
    .filter(({ points }) => points.length > 0);
  const missing = contenders.filter(({ run }) => !endsWithin(run, MOST_ABOVE * lowest));
  const height = BOTTOM + 66 + (missing.length > 0 ? 26 : 0);
  const points = curves.flatMap((curve) => curve.points);
  const losses = ratioAxis(
    points.map(({ trainLoss }) => trainLoss),
    BOTTOM,
    TOP,
  );
  const epochs = countAxis(
    points.map(({ epoch }) => epoch),
    FIRST.left,
    FIRST.right,
  );
  const seconds = valueAxis(
    points.map(({ trainSeconds }) => trainSeconds),
    SECOND.left,
    SECOND.right,
  );
  const secondsTitle = `seconds of training${seconds.logarithmic ? ' (log scale)' : ''}`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>`,
    label({ x: 28, y: 36 }, shortened(title, MAX_TITLE_LENGTH), 'class="title"'),
    ...panel(FIRST, { title: 'epoch', across: epochs, losses }),
    ...curves.flatMap((curve) => curveIn(curve, ({ epoch }) => epochs.place(epoch), losses)),
    ...labelsOf(curves, epochs, losses),
    ...panel(SECOND, { title: secondsTitle, across: seconds, losses }),
    ...curves.flatMap((curve) => curveIn(curve, ({ trainSeconds }) => seconds.place(trainSeconds), losses)),
    ...(missing.length > 0
      ? [
          label(
            { x: 28, y: height - 20 },
            `not drawn to the end: ${missing.map(({ name }) => name).join(', ')}`,
          ),
        ]
      : []),
    '</svg>',
    '',
  ].join('\n');
}

const styleOf = (index: number): Pick<Curve, 'colour' | 'dashes'> => ({
  colour: `colour-${index % COLOURS.length}`,
  dashes: `dashes-${Math.floor(index / COLOURS.length) % DASHES.length}`,
});

/** Whether its last loss is one that is drawn. */
const endsWithin = (run: ContenderResult['run'], most: number): boolean =>
  run !== null && endLoss(run) >= MIN_LOSS && endLoss(run) <= most;

const lossesOf = ({ run }: ContenderResult): number[] =>
  (run?.metrics ?? [])
    .map(({ trainLoss }) => trainLoss)
    .filter((loss) => loss >= MIN_LOSS && loss <= MAX_LOSS);

/** Those with a loss that can be drawn: one that runs away would leave no room for the others. */
function pointsOf({ run }: ContenderResult, lowest: number): EpochMetrics[] {
  return (run?.metrics ?? []).filter(
    ({ trainLoss, trainSeconds }) =>
      trainLoss >= MIN_LOSS && trainLoss <= MOST_ABOVE * lowest && Number.isFinite(trainSeconds),
  );
}

interface PanelAxes {
  readonly title: string;
  readonly across: Axis;
  readonly losses: Axis;
}

/** Grid, axes and what they are called. */
function panel(
  { left, right }: { left: number; right: number },
  { title, across, losses }: PanelAxes,
): string[] {
  return [
    label({ x: left, y: TOP - 16 }, 'training loss (log scale)', 'class="panel"'),
    ...losses.ticks.flatMap(({ at, label: value }) => [
      rule('grid', left, at, right, at),
      label({ x: left - 10, y: at + 5 }, value, 'text-anchor="end"'),
    ]),
    rule('axis', left, BOTTOM, right, BOTTOM),
    ...across.ticks.flatMap(({ at, label: value }) => [
      rule('axis', at, BOTTOM, at, BOTTOM + 5),
      label({ x: at, y: BOTTOM + 22 }, value, 'text-anchor="middle"'),
    ]),
    label({ x: (left + right) / 2, y: BOTTOM + 46 }, title, 'text-anchor="middle" class="panel"'),
  ];
}

function curveIn(
  { colour, dashes, points }: Curve,
  x: (point: EpochMetrics) => number,
  losses: Axis,
): string[] {
  const y = ({ trainLoss }: EpochMetrics): number => losses.place(trainLoss);
  const path = `<path class="series ${colour} ${dashes}" d="${line(x, y)(points) ?? ''}"/>`;
  if (points.length > MAX_DOTS) return [path];
  return [
    path,
    ...points.map(
      (point) => `<circle class="dot ${colour}" cx="${round(x(point))}" cy="${round(y(point))}" r="2.5"/>`,
    ),
  ];
}

/** Each curve's name with a sample of it, and a thin line to its last point. */
function labelsOf(curves: readonly Curve[], epochs: Axis, losses: Axis): string[] {
  const ends = curves.map(({ points }) => points.at(-1)!);
  const places = spreadLabels(
    ends.map(({ trainLoss }) => losses.place(trainLoss)),
    { distance: LABEL_DISTANCE, low: TOP, high: BOTTOM },
  );
  return curves.flatMap(({ name, colour, dashes }, index) => {
    const { epoch, trainLoss } = ends[index]!;
    const y = places[index]!;
    const from = `${round(epochs.place(epoch) + 4)},${round(losses.place(trainLoss))}`;
    return [
      `<path class="leader ${colour}" d="M${from}L${LABELS.sample - 4},${round(y)}"/>`,
      rule(`series ${colour} ${dashes}`, LABELS.sample, y, LABELS.text - 8, y),
      label(
        { x: LABELS.text, y: y + 5 },
        `${name}  ${Number(trainLoss.toPrecision(4))}`,
        'class="name" xml:space="preserve"',
      ),
    ];
  });
}
