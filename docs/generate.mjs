// Writes the generated parts of these pages, and the types of dashboard/src/api/schemas.ts, anew, after a change of
// the HTTP interface, core/errors, core/settings, of the table
// of events in services/telemetry/lines, of a command's options or of an example; part of `npm run docs`.

import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { schemaTypes } from '#coordinator/api/http/schema-types.js';
import { routesTable } from '#coordinator/api/http/table.js';
import { openApiDocument } from '#coordinator/api/http/openapi.js';
import { errorsPage } from '#core/errors/errors-page.js';
import { settingsPage } from '#core/settings/settings-page.js';
import { logsPage } from '#services/telemetry/logs-page.js';
import { format, resolveConfig } from 'prettier';

const here = (path) => new URL(path, import.meta.url);

for (const [name, text] of [
  ['errors.md', errorsPage()],
  ['configuration.md', settingsPage()],
  ['logs.md', logsPage()],
]) {
  const page = here(name);
  await writeFile(page, await format(text, { ...(await resolveConfig(page)), parser: 'markdown' }));
}

const interfaceOf = { version: '0.0.0', openMetrics: false, open: false };
const types = here('../dashboard/src/api/schemas.ts');
await writeFile(
  types,
  await format(schemaTypes(openApiDocument(routesTable(interfaceOf), interfaceOf)), {
    ...(await resolveConfig(types)),
    parser: 'typescript',
  }),
);

/** A comment with the path of a file from the root of the project, and the block that repeats the file. */
const EMBEDDED = /(<!-- (\S+) -->\n\n```(\w+)\n).*?```/gs;

for (const name of ['extending.md', 'using.md']) {
  const text = await readFile(here(name), 'utf8');
  const files = new Map();
  for (const [, , path] of text.matchAll(EMBEDDED))
    files.set(path, await readFile(here(`../${path}`), 'utf8'));
  await writeFile(
    here(name),
    text.replaceAll(EMBEDDED, (_, head, path) => `${head}${files.get(path)}\`\`\``),
  );
}

/** The help of a command, or of the program, as it stands in a page. */
const HELP = /```text\nUsage: locoprop (?:(\w+) )?.*?\n```/gs;

const main = fileURLToPath(here('../dist/cli/main.js'));
const helpOf = (command) =>
  execFileSync(process.execPath, [main, ...(command ? [command] : []), '--help'], { encoding: 'utf8' });

const commands = await readFile(here('cli.md'), 'utf8');
await writeFile(
  here('cli.md'),
  commands.replaceAll(HELP, (_, command) => `\`\`\`text\n${helpOf(command).trimEnd()}\n\`\`\``),
);
