import { isNode, type Document, type LineCounter } from 'yaml';

/** The line of a field, or of the nearest one around it that is there. */
export function lineOf(document: Document, lines: LineCounter, path: readonly string[]): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const keys = path.slice(0, length).map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    const node: unknown = document.getIn(keys, true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}
