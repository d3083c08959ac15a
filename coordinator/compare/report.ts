import { join } from 'node:path';
import type { CompareResult } from '../../core/compare/result.js';
import { describeMachine } from '../../engine/machine.js';
import { compareChartSvg } from '../../services/report/compare-chart.js';
import { compareCsv } from '../../services/report/compare-csv.js';
import { compareMarkdown, type CompareOrigin } from '../../services/report/compare-markdown.js';
import { writeDurably } from '../../services/store/files.js';

export interface ReportOptions {
  /** Folder of the comparison. */
  readonly directory: string;
  readonly command: string;
  readonly program: string;
  readonly specs: CompareOrigin['specs'];
}

/**
 * Writes the figure, the figures as CSV and the report of a comparison.
 *
 * @returns the names of the files
 * @throws LocopropError STORE_WRITE_FAILED
 */
export async function writeReport(result: CompareResult, options: ReportOptions): Promise<string[]> {
  const { directory, ...given } = options;
  const origin: CompareOrigin = { ...given, ...describeMachine() };
  const files = {
    'compare.svg': compareChartSvg(result),
    'compare.csv': compareCsv(result),
    'compare.md': compareMarkdown(result, origin),
    'compare.json': `${JSON.stringify({ ...result, origin }, null, 2)}\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    await writeDurably(join(directory, name), [Buffer.from(text)]);
  }
  return Object.keys(files);
}
