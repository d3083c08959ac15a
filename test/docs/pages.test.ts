import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { openApiDocument } from '#coordinator/api/http/openapi.js';
import { schemaTypes } from '#coordinator/api/http/schema-types.js';
import { routesTable } from '#coordinator/api/http/table.js';
import { errorsPage } from '#core/errors/errors-page.js';
import { catalogue } from '#core/errors/catalogue.js';
import { logsPage } from '#services/telemetry/logs-page.js';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { anchorsOf, blocksOf, linksOf, pages, proseOf, readPage, root } from './markdown.js';

/** Top folders of the project, which a path in backticks may begin with. */
const FOLDERS =
  'core engine services coordinator cli dashboard bench deploy examples docs test schema dist'.split(' ');

/** Paths of the project in backticks; a run's own files and files of readers are not among them. */
const pathsOf = (page: string): string[] =>
  Array.from(proseOf(page).matchAll(/`([^`\n]+)`/g), ([, text = '']) => text)
    .filter((text) => /^[\w.-]+(\/[\w.*-]*)+$/.test(text) && FOLDERS.includes(text.split('/')[0] ?? ''))
    .filter((text) => !text.includes('*'));

describe.each(pages)('%s', (name) => {
  const page = readPage(name);

  it('has relative links that lead somewhere', () => {
    const broken = linksOf(page).filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [path = '', anchor] = link.split('#');
      const file = path === '' ? name : normalize(join(dirname(name), path));
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchorsOf(readPage(file)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names files and folders that exist', () => {
    expect(pathsOf(page).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('repeats files as they are', () => {
    for (const { before, text } of blocksOf(page)) {
      const [, file] = /^<!-- (\S+) -->$/.exec(before) ?? [];
      if (file !== undefined) expect(text).toBe(readPage(file));
    }
  });
});

describe('dashboard/src/api/schemas.ts', () => {
  it('is the description of the HTTP interface as it stands: else, npm run docs', async () => {
    const name = 'dashboard/src/api/schemas.ts';
    const options = await resolveConfig(`${root}${name}`);
    const table = { version: '0.0.0', openMetrics: false, open: false };
    const types = schemaTypes(openApiDocument(routesTable(table), table));
    expect(readPage(name)).toBe(await format(types, { ...options, parser: 'typescript' }));
  });
});

describe('docs/logs.md', () => {
  it('is the table of events as it stands: else, npm run docs', async () => {
    const options = await resolveConfig(`${root}docs/logs.md`);
    expect(readPage('docs/logs.md')).toBe(await format(logsPage(), { ...options, parser: 'markdown' }));
  });
});

describe('docs/errors.md', () => {
  const page = readPage('docs/errors.md');

  it('is the catalogue as it stands: else, npm run docs', async () => {
    const options = await resolveConfig(`${root}docs/errors.md`);
    expect(page).toBe(await format(errorsPage(), { ...options, parser: 'markdown' }));
  });

  it('has every code of the catalogue once', () => {
    const codes = Array.from(page.matchAll(/^### (\w+)$/gm), ([, code]) => code);
    expect(codes.toSorted()).toEqual(Object.keys(catalogue).toSorted());
  });
});
