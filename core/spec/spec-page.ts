import { allowedAt } from './allowed.js';
import { alternatives, dereferenced, longFormSchema, type JsonSchema } from './json-schema.js';
import { markdownTable } from '../markdown-table.js';
import type { PartCatalogue } from './part-catalogue.js';
import { isMap } from './plain-value.js';

const introduction = `# The job spec

A job spec says what to train, on what, and how, as YAML or JSON. \`locoprop init\` writes one with comments,
\`examples/\` has more, and \`schema/job.schema.json\` tells editors what may stand where: put

    # yaml-language-server: $schema=PATH_OF/job.schema.json

on top. This is a whole spec:

\`\`\`yaml
data:
  train: { dataset: curves, examples: 5000 }
network:
  layers:
    - { units: 64, transfer: tanh }
    - { units: 784, transfer: sigmoid }
  loss: sigmoid_cross_entropy
training:
  epochs: 10
\`\`\`

- What has a name and hyperparameters, such as an optimizer, is a map, \`{ name: leaky_relu, slope: 0.1 }\`, or
  just its name, \`leaky_relu\`, with the default hyperparameters.
- Each layer has a \`local\` of its own for what differs from the common one:
  \`{ units: 30, transfer: tanh, local: { iterations: 5, optimizer: { learningRate: 1.0e-4 } } }\`. A part of a
  local problem that is given without a name stays the one it is; only the hyperparameters given change. With a
  name, it stands for itself.
- On the command line, \`--set path=value\` sets any field. The path has dots, also before a position in a list,
  from 0; the value is YAML: \`--set network.layers.2.units=300\`, \`--set 'data.test={ dataset: mnist }'\`.
- Numbers are finite. YAML's anchors and aliases may be used, merge keys (\`<<\`) not; a key stands only once in
  a map.
- A run keeps its spec with every default filled in and absolute paths.
`;

/** Sections of their own, by the schema that they describe. */
const sections: Readonly<Record<string, string>> = {
  dataSource: 'Data sources',
  schedule: 'Schedules of the learning rate',
  transfer: 'Transfer functions',
  loss: 'Losses',
  localLoss: 'Local losses',
  target: 'Targets',
  regularizer: 'Regularizers',
  optimizer: 'Optimizers',
};

const anchor = (title: string): string => title.toLowerCase().replaceAll(' ', '-');

/** A value as YAML has it in one line; a part without hyperparameters is its name. */
function showYaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(showYaml).join(', ')}]`;
  if (!isMap(value)) return String(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return '{}';
  if (entries.length === 1 && typeof value['name'] === 'string') return value['name'];
  return `{ ${entries.map(([key, entry]) => `${key}: ${showYaml(entry)}`).join(', ')} }`;
}

function showDefault(schema: JsonSchema, required: boolean): string {
  if (schema.default !== undefined) return `\`${showYaml(schema.default)}\``;
  return required ? 'required' : '';
}

/** A link to the section about what may stand there, if there is one. */
const linked = (schema: JsonSchema): string | undefined =>
  [schema, ...(schema.anyOf ?? [])].flatMap(({ $ref }) => {
    const title = sections[$ref?.replace('#/$defs/', '') ?? ''];
    return title === undefined ? [] : [`[${title.toLowerCase()}](#${anchor(title)})`];
  })[0];

function describe(root: JsonSchema, schema: JsonSchema): string {
  const inner = alternatives(root, schema)[0]?.description;
  return schema.description ?? dereferenced(root, schema).description ?? inner ?? '';
}

/** Rows for the fields of a map, those of maps within it included. */
export function fieldRows(root: JsonSchema, map: JsonSchema, prefix: string): string[][] {
  const { properties = {}, required = [] } = dereferenced(root, map);
  return Object.entries(properties)
    .filter(([, field]) => !field.not)
    .flatMap(([key, field]) => {
      const path = `${prefix}${key}`;
      const link = linked(field);
      const full = dereferenced(root, field);
      const row = [
        `\`${path}\``,
        link ?? allowedAt(root, [field]),
        showDefault(field, required.includes(key)),
        describe(root, field),
      ];
      if (link !== undefined) return [row];
      if (full.items?.properties) return [row, ...fieldRows(root, full.items, `${path}.N.`)];
      return full.properties && path !== 'network.layers.N.local' ? fieldRows(root, full, `${path}.`) : [row];
    });
}

export const fieldHead = ['field', 'allowed', 'default', 'meaning'];

function topSection(root: JsonSchema, key: string, schema: JsonSchema): string {
  return [
    `## \`${key}\``,
    describe(root, schema),
    markdownTable(fieldHead, fieldRows(root, schema, `${key}.`)),
  ].join('\n\n');
}

/** A choice by name: one row for each hyperparameter, or one for a name without any. */
function choiceTable(options: readonly JsonSchema[], root: JsonSchema): string {
  const rows = options.flatMap(({ properties = {}, required = [] }) => {
    const { name, ...fields } = properties;
    const title = `\`${String(name?.const)}\``;
    const all = Object.entries(fields);
    return all.length === 0
      ? [[title, '', '', '', '']]
      : all.map(([key, field], index) => [
          index === 0 ? title : '',
          `\`${key}\``,
          allowedAt(root, [field]),
          showDefault(field, required.includes(key)),
          field.description ?? '',
        ]);
  });
  return markdownTable(['name', 'hyperparameter', 'allowed', 'default', 'meaning'], rows);
}

function choiceSection(root: JsonSchema, title: string, schema: JsonSchema): string {
  const options = schema.oneOf ?? [];
  const byName = options.every(({ properties }) => properties?.['name']);
  const tables = byName
    ? [choiceTable(options, root)]
    : options.map((option) => markdownTable(fieldHead, fieldRows(root, option, '')));
  return [`## ${title}`, schema.description ?? '', ...tables].join('\n\n');
}

/** The page about the spec, docs/spec.md, in Markdown. */
export function specPage(catalogue: PartCatalogue): string {
  const root = longFormSchema(catalogue);
  const fields = Object.entries(root.properties ?? {});
  const isSection = ([, field]: [string, JsonSchema]): boolean =>
    dereferenced(root, field).properties !== undefined;
  const simple = Object.fromEntries(fields.filter((field) => !isSection(field)));
  return [
    introduction,
    '## At the top',
    markdownTable(fieldHead, fieldRows(root, { properties: simple }, '')),
    ...fields.filter(isSection).map(([key, field]) => topSection(root, key, field)),
    ...Object.entries(sections).map(([id, title]) => choiceSection(root, title, root.$defs?.[id] ?? {})),
  ].join('\n\n');
}
