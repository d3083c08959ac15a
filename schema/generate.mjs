// Writes the schemas in this folder and docs/spec.md anew, after a change of core/spec, core/compare or core/parts:
//
//     npm run build && node schema/generate.mjs

import { mkdir, writeFile } from 'node:fs/promises';
import { editorSchema } from '#core/spec/editor-schema.js';
import { compareEditorSchema, compareSection } from '#core/compare/compare-page.js';
import { specPage } from '#core/spec/spec-page.js';
import { Parts } from '#core/parts/registry.js';
import { format, resolveConfig } from 'prettier';

const parts = new Parts();
const page = new URL('../docs/spec.md', import.meta.url);

await writeFile(
  new URL('job.schema.json', import.meta.url),
  `${JSON.stringify(editorSchema(parts), null, 2)}\n`,
);
await writeFile(
  new URL('compare.schema.json', import.meta.url),
  `${JSON.stringify(compareEditorSchema(), null, 2)}\n`,
);
await mkdir(new URL('.', page), { recursive: true });
const text = [specPage(parts), compareSection()].join('\n\n');
await writeFile(page, await format(text, { ...(await resolveConfig(page)), parser: 'markdown' }));
