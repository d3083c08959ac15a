import { formatNumber } from '../format.ts';

const WIDTH = 120;
const HEIGHT = 28;
const MARGIN = 2;

/** A curve as small as a word; logarithmic where it may be, as losses fall by factors. */
export function Sparkline({ values, label }: { readonly values: readonly number[]; readonly label: string }) {
  if (values.length < 2) return <span class="sparkline" aria-hidden="true" />;
  const logarithmic = values.every((value) => value > 0);
  const heights = logarithmic ? values.map(Math.log) : values;
  const [least, largest] = [Math.min(...heights), Math.max(...heights)];
  const span = largest - least || 1;
  const x = (index: number): number => MARGIN + (index / (values.length - 1)) * (WIDTH - 2 * MARGIN);
  const y = (value: number): number => MARGIN + ((largest - value) / span) * (HEIGHT - 2 * MARGIN);
  const points = heights.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  const text = `${label}: from ${formatNumber(values[0])} to ${formatNumber(values.at(-1))}`;
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={text}>
      <title>{text}</title>
      <polyline points={points} />
    </svg>
  );
}
