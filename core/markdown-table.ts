/** Text within a cell of a Markdown table. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');

/**
 * A table in Markdown.
 *
 * @param numbers whether all columns but the first are numbers, which stand to the right
 */
export const markdownTable = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { numbers = false }: { readonly numbers?: boolean } = {},
): string =>
  [head, head.map((_, column) => (numbers && column > 0 ? '---:' : '---')), ...rows]
    .map((row) => `| ${row.map(cell).join(' | ')} |`)
    .join('\n');
