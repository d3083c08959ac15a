// Writes schema/job.schema.json and docs/spec.md anew, after a change of core/spec or core/parts:
//
//     npm run build && node schema/generate.mjs

import { mkdir, writeFile } from 'node:fs/promises';
import { editorSchema } from '#core/spec/editor-schema.js';
import { specPage } from '#core/spec/spec-page.js';
import { Parts } from '#core/parts/registry.js';
import { format, resolveConfig } from 'prettier';

const parts = new Parts();
const page = new URL('../docs/spec.md', import.meta.url);

await writeFile(
  new URL('job.schema.json', import.meta.url),
  `${JSON.stringify(editorSchema(parts), null, 2)}\n`,
);
await mkdir(new URL('.', page), { recursive: true });
await writeFile(page, await format(specPage(parts), { ...(await resolveConfig(page)), parser: 'markdown' }));
