import type uPlot from 'uplot';

/**
 * Zooms and moves a chart from the keyboard.
 * @returns whether the key is one of these
 */
export function zoomByKey(chart: uPlot, key: string): boolean {
  const xs = chart.data[0];
  const [first, last] = [xs[0], xs[xs.length - 1]];
  const { min = null, max = null } = chart.scales['x']!;
  if (first === undefined || last === undefined || min === null || max === null) return false;
  const middle = (min + max) / 2;
  const half = (max - min) / 2;
  const show = (from: number, to: number): void => {
    const size = to - from;
    const start = Math.max(first, Math.min(from, last - size));
    chart.setScale('x', { min: start, max: Math.min(last, start + size) });
  };
  switch (key) {
    case '+':
    case '=':
      show(middle - half / 2, middle + half / 2);
      return true;
    case '-':
      show(middle - half * 2, middle + half * 2);
      return true;
    case 'ArrowLeft':
      show(min - half / 2, max - half / 2);
      return true;
    case 'ArrowRight':
      show(min + half / 2, max + half / 2);
      return true;
    case '0':
    case 'Escape':
      show(first, last);
      return true;
    default:
      return false;
  }
}
