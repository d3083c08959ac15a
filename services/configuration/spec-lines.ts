import { isNode, isPair, isScalar, isSeq, LineCounter, parseDocument, visit, type Document } from 'yaml';
import { LocopropError } from '../../core/errors/error.js';
import { SpecRefusal, type FieldProblem, type SpecProblem } from '../../core/errors/spec-refusal.js';
import { showPath } from '../../core/spec/plain-value.js';

/** What names the file, the plugin or the data set that a refusal is about. */
const NAMES = ['path', 'file', 'dataset'] as const;

/**
 * A refusal of a spec with the lines of its text that it is about; any other error as it is.
 *
 * @param text YAML or JSON
 */
export function withLines(error: unknown, text: string): unknown {
  if (!(error instanceof LocopropError)) return error;
  const { code, details } = error;
  const refused = (problems: readonly SpecProblem[], fields: readonly FieldProblem[] = []): SpecRefusal =>
    new SpecRefusal(code, details, fields, problems, { cause: error.cause });
  // What cannot be read has no fields.
  if (code === 'SPEC_SYNTAX')
    return refused([{ path: '', line: Number(details['line']), text: String(details['reason']) }]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (error instanceof SpecRefusal) {
    const problems = error.fields.map(({ path, text: what }) => {
      return { path: showPath(path), line: lineOf(document, lines, path), text: what };
    });
    return refused(problems, error.fields);
  }
  const name = NAMES.map((field) => details[field]).find((value) => typeof value === 'string');
  const place = name === undefined ? null : placeNaming(document, lines, name);
  return refused([{ path: '', line: null, ...place, text: error.message }]);
}

/** The line of a field, or of the nearest one around it that is there. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}

/** The first field that names a file or a data set, whole or by its end. */
function placeNaming(
  document: Document,
  lines: LineCounter,
  name: string,
): Pick<SpecProblem, 'path' | 'line'> | null {
  let found: Pick<SpecProblem, 'path' | 'line'> | null = null;
  visit(document, {
    Scalar: (key, node, above) => {
      const { value, range } = node;
      if (key === 'key' || typeof value !== 'string' || value === '' || !range) return undefined;
      if (value !== name && value !== `upload:${name}` && !name.endsWith(`/${value}`)) return undefined;
      found = { path: showPath(fieldOf([...above, node])), line: lines.linePos(range[0]).line };
      return visit.BREAK;
    },
  });
  return found;
}

/** The way to the last of these, each of which holds the next one. */
const fieldOf = (nodes: readonly unknown[]): PropertyKey[] =>
  nodes.flatMap((node, index) => {
    if (isPair(node)) return String(isScalar(node.key) ? node.key.value : node.key);
    return isSeq(node) ? node.items.indexOf(nodes[index + 1]) : [];
  });
