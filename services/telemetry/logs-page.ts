import { markdownTable } from '../../core/markdown-table.js';
import { commonFields, lineTable, type LineGroup } from './lines/table.js';

const introduction = `# Logs

\`locoprop worker\`, a coordinator, and \`locoprop train\` with \`--log-level\` write their logs to standard error,
a JSON object a line and a line an event. \`--pretty\` has them readable, and so has \`| npx pino-pretty\`. The log
of a job, which a coordinator serves, has the same lines.

Every line has these fields:`;

const remarks = `And these, where they apply: \`jobId\`; \`attempt\`, the tries at the job since it was submitted or resumed; \`fence\`,
how often the job was taken; \`number\`, that of the event among the job's; \`sequence\`, that of the event in its
run; \`epoch\`, \`step\` and \`layer\`, from 1; \`worker\`, its name. A field that not every line has is marked with ?.

Passwords in addresses, secrets in query strings and credentials of headers are written as \`***\`. \`--log-level\`
says from which level on there are lines. SIGUSR2 to the process changes to \`debug\`, and back the next time.`;

/** Without the trailing mark for those that are always there. */
const fieldNames = (
  fields: Readonly<Record<string, string>>,
  as: Readonly<Record<string, string>> = {},
): string =>
  Object.entries(fields)
    .map(([name, presence]) => `\`${as[name] ?? name}\`${presence === 'always' ? '' : '?'}`)
    .join(', ');

const section = ({ title, about, context, lines }: LineGroup): string => {
  const besides = fieldNames(context);
  const rows = Object.entries(lines).map(([type, { level, meaning, fields, as }]) => [
    `\`${type}\``,
    level,
    meaning,
    fieldNames(fields, as),
  ]);
  const shared = besides === '' ? '' : ` Besides their own fields the lines have ${besides}.`;
  return [
    `## ${title}`,
    `${about}${shared}`,
    markdownTable(['event', 'level', 'meaning', 'fields'], rows),
  ].join('\n\n');
};

const common = markdownTable(
  ['field', 'meaning'],
  Object.entries(commonFields).map(([name, meaning]) => [`\`${name}\``, meaning]),
);

/** The page about the logs, docs/logs.md, in Markdown. */
export const logsPage = (): string =>
  [introduction, common, remarks, ...Object.values<LineGroup>(lineTable).map(section)].join('\n\n');
