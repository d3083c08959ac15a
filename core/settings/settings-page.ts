import { markdownTable } from '../markdown-table.js';
import { flagOf, placeholderOf, variableOf } from './names.js';
import { settingNames, settingOf, type SettingName } from './table.js';

const introduction = `# Configuration

The settings of \`locoprop coordinator\`, which serves a team, of \`locoprop up\`, which is all of it on one
machine, and, as far as the last column says so, of \`locoprop worker\`. What counts is, in this order:

1. the option on the command line,
2. the environment variable,
3. the file: the one that \`--config FILE\` or \`LOCOPROP_CONFIG\` names, else \`locoprop.yaml\` in the working
   directory where there is one,
4. the default.

\`locoprop config\` prints what is in effect and where each value comes from, with secrets hidden. A value that is
wrong, wherever it stands, a key of the file that is no setting, and a variable that begins with \`LOCOPROP_\` and
is none of locoprop's stop the start: one line each, all of them at once.

The file is YAML or JSON, a map by the names below:

\`\`\`yaml
store: /var/lib/locoprop
redis: redis://queue.example:6379
http: 0.0.0.0:8080
apiTls: /etc/locoprop/certificates
keepDays: 30
\`\`\`

Relative paths start at the folder of the file, those of options and variables at the working directory. An
optional setting is switched off by \`none\`, in the file also by \`null\`. Switches take \`true\` or \`false\`; as an
option, \`true\` may be left out. Sizes have a unit, such as \`512MiB\`. A variable of locoprop's that is set to
nothing is refused, as what it was to close would stay open.
`;

function row(name: SettingName): string[] {
  const { default: value, defaultText, description, commands } = settingOf(name);
  const flag = flagOf(name);
  const fixed = typeof value === 'function' ? '' : `\`${value ?? 'none'}\``;
  return [
    `\`${name}\``,
    flag === null ? '' : `\`${flag} ${placeholderOf(name)}\``,
    `\`${variableOf(name)}\``,
    defaultText ?? fixed,
    `${description}.`,
    (commands as readonly string[]).includes('worker') ? 'yes' : '',
  ];
}

/** The page about settings, docs/configuration.md, in Markdown. */
export function settingsPage(): string {
  const head = ['setting', 'option', 'variable', 'default', 'meaning', 'worker'];
  return [introduction, markdownTable(head, settingNames.map(row))].join('\n');
}
