import { scaleLinear, scaleLog } from 'd3-scale';
import { MIN_LOSS } from './svg.js';

export interface Tick {
  /** Where it is drawn, in pixels. */
  readonly at: number;
  readonly label: string;
}

/** One direction of a chart: what is drawn where. */
export interface Axis {
  /** The place of a value, in pixels. */
  readonly place: (value: number) => number;
  readonly ticks: readonly Tick[];
  readonly logarithmic: boolean;
}

const TICKS = 6;
const MAX_LOG_TICKS = 9;
const MIN_LOG_TICKS = 2;
/** Of the ticks within a decade. */
const FINE_DIGITS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9];
/** Room between the outermost values and the frame, as a share of the span. */
const MARGIN = 0.05;
/** Smaller differences, in proportion to the values, are lost in the labels. */
const RESOLUTION = 1e-6;

/** Values all positive that span more than this factor are easier to read on a logarithmic axis. */
const DECADE = 10;

/** An axis for values of at most 1e300, from `low` to `high` pixels. */
export function valueAxis(values: readonly number[], low: number, high: number): Axis {
  const [min, max] = extent(values, [0, 1]);
  if (min > 0 && max / min > DECADE) return logarithmicAxis(min, max, low, high);
  return linearAxis(min, max, low, high);
}

/** A logarithmic axis for positive values of at most 1e300, however little they span. */
export function ratioAxis(values: readonly number[], low: number, high: number): Axis {
  const [min, max] = extent(values, [1, DECADE]);
  const isSpan = max / min > 1 + RESOLUTION;
  return logarithmicAxis(min, isSpan ? max : max * DECADE, low, high);
}

/** Smallest and largest value; `none` where there is no value. */
const extent = (values: readonly number[], none: [number, number]): [number, number] =>
  values.length === 0
    ? none
    : values.reduce(
        ([min, max], value) => [Math.min(min, value), Math.max(max, value)],
        [Infinity, -Infinity],
      );

function linearAxis(min: number, max: number, low: number, high: number): Axis {
  const margin = MARGIN * spanOf(min, max);
  const start = min >= 0 ? Math.max(0, min - margin) : min - margin;
  const scale = scaleLinear([start, max + margin], [low, high]).nice(TICKS);
  return {
    place: scale,
    ticks: scale.ticks(TICKS).map((value) => ({ at: scale(value), label: tickLabel(value) })),
    logarithmic: false,
  };
}

function logarithmicAxis(min: number, max: number, low: number, high: number): Axis {
  const margin = max ** MARGIN / min ** MARGIN;
  const start = Math.max(Number.MIN_VALUE, min / margin);
  const end = Math.min(Number.MAX_VALUE, max * margin);
  const scale = scaleLog([start, end], [low, high]);
  return {
    place: scale,
    ticks: logarithmicTicks(start, end).map((value) => ({ at: scale(value), label: tickLabel(value) })),
    logarithmic: true,
  };
}

/** What the values span, or their size where they are too close together, or too small, to tell apart. */
function spanOf(min: number, max: number): number {
  const size = Math.max(Math.abs(min), Math.abs(max));
  if (size < MIN_LOSS) return 1;
  return max - min > RESOLUTION * size ? max - min : size;
}

/**
 * The roundest numbers in between: 1, 2, 5 or 1, 3 or 1 times powers of ten, or some of these powers; within
 * a decade finer ones.
 */
function logarithmicTicks(start: number, end: number): number[] {
  const exponents: number[] = [];
  for (let e = Math.floor(Math.log10(start)); e <= Math.log10(end); e += 1) exponents.push(e);
  const every = Math.ceil(exponents.length / MAX_LOG_TICKS);
  const digitChoices = end / start < DECADE ? [FINE_DIGITS, [1, 2, 3, 5, 7]] : [[1, 2, 5], [1, 3], [1]];
  const choices = digitChoices.map((digits) =>
    // Written out and read again, for 1e-3 is not 10 ** -3 to the last digit.
    exponents.flatMap((e) => digits.map((digit) => Number(`${digit}e${e}`))),
  );
  choices.push(exponents.filter((_, i) => i % every === 0).map((e) => Number(`1e${e}`)));
  const inside = choices.map((values) => values.filter((value) => value >= start && value <= end));
  const chosen = inside.find((values) => values.length <= MAX_LOG_TICKS) ?? [];
  // Within a few per cent there are no such numbers.
  return chosen.length < MIN_LOG_TICKS ? scaleLinear().domain([start, end]).ticks(TICKS) : chosen;
}

/** A round number in few characters: 600, 0.0012, 5e-7. */
function tickLabel(value: number): string {
  const short = value === 0 || (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6);
  // Twelve digits hide the rounding of 0.1 + 0.2.
  const digits = Number(value.toPrecision(12));
  return short ? String(digits) : digits.toExponential().replace('e+', 'e');
}

/** An axis for whole numbers; a single one stands in its middle. */
export function countAxis(values: readonly number[], low: number, high: number): Axis {
  const [min, max] = extent(values, [0, 1]);
  const half = min === max ? 0.5 : 0;
  const scale = scaleLinear([min - half, max + half], [low, high]);
  const whole = scale.ticks(2 * TICKS).filter(Number.isInteger);
  return {
    place: scale,
    ticks: whole.map((value) => ({ at: scale(value), label: String(value) })),
    logarithmic: false,
  };
}
