import type { CompareResult } from '../../core/compare/result.js';

const COLUMNS = [
  'contender',
  'epoch',
  'step',
  'trainSeconds',
  'trainLoss',
  'testLoss',
  'trainError',
  'testError',
  'trainAccuracy',
  'testAccuracy',
] as const;

/** RFC 4180: quoted where it holds a comma, a quote or a line break. */
const cell = (value: string | number | null): string => {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** The full runs of a comparison as CSV: a row a contender and epoch, empty cells for what there is not. */
export function compareCsv({ contenders }: CompareResult): string {
  const rows = contenders.flatMap(({ name, run }) =>
    (run?.metrics ?? []).map((metrics) =>
      COLUMNS.map((column) => cell(column === 'contender' ? name : metrics[column])),
    ),
  );
  return [COLUMNS, ...rows].map((row) => `${row.join(',')}\n`).join('');
}
