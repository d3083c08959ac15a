// Writes the generated parts of these pages anew, after a change of core/errors or of an example; part of
// `npm run docs`.

import { readFile, writeFile } from 'node:fs/promises';
import { errorsPage } from '#core/errors/errors-page.js';
import { format, resolveConfig } from 'prettier';

const here = (path) => new URL(path, import.meta.url);

const page = here('errors.md');
await writeFile(page, await format(errorsPage(), { ...(await resolveConfig(page)), parser: 'markdown' }));

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
