import { simplified } from '../spec/editor-schema.js';
import { mapSchema, type JsonSchema } from '../spec/json-schema.js';
import { markdownTable } from '../markdown-table.js';
import { fieldHead, fieldRows } from '../spec/spec-page.js';
import { compareJsonSchema } from './parse-compare.js';

const introduction = `## The spec of a comparison

\`locoprop compare\` takes another spec, which names contenders for the job of a job spec:
[comparing.md](comparing.md) says how it goes, \`examples/\` has two, and \`schema/compare.schema.json\` is for
editors. Paths such as \`local.optimizer.learningRate\` are those of \`--set\`, and so is what they do: what is
named by its name alone can get hyperparameters by further paths.`;

/** The JSON Schema (draft 2020-12) of comparisons, for editors. */
export const compareEditorSchema = (): JsonSchema => mapSchema(compareJsonSchema(), simplified);

/** The section about comparisons, the last one of docs/spec.md, in Markdown. */
export function compareSection(): string {
  const root = compareJsonSchema();
  return [introduction, markdownTable(fieldHead, fieldRows(root, root, ''))].join('\n\n');
}
