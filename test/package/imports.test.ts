import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What the code of a folder may import, besides its own: the table of CONTRIBUTING.md. */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  proto: [],
  engine: ['core', 'proto'],
  services: ['core', 'proto'],
  worker: ['core', 'engine', 'services', 'proto'],
  coordinator: ['core', 'engine', 'services', 'proto'],
  cli: ['core', 'coordinator', 'services', 'worker'],
  dashboard: [],
};
const importers = Object.keys(mayImport);
const pairs = importers.flatMap((importer) =>
  [...importers, 'bench']
    .filter((imported) => imported !== importer)
    .map((imported): [string, string, string] => {
      const may = mayImport[importer]?.includes(imported) === true;
      return [importer, may ? 'may' : 'may not', imported];
    }),
);

/** The files of a small project whose every import is named by the file that does it. */
const files: Record<string, string> = {
  'package.json': JSON.stringify({
    name: 'locoprop',
    type: 'module',
    dependencies: { shipped: '1.0.0' },
    devDependencies: { tool: '1.0.0' },
  }),
  'core/cycle/one.ts': `import { two } from './two.js';\nexport const one = (): number => two;\n`,
  'core/cycle/two.ts': `import { one } from './one.js';\nexport const two = one();\n`,
  'core/types/one.ts': `import type { Two } from './two.js';\nexport interface One {\n  two: Two;\n}\n`,
  'core/types/two.ts': `import type { One } from './one.js';\nexport interface Two {\n  one: One;\n}\n`,
  'core/files.ts': `export { readFile } from 'node:fs';\n`,
  'core/unprefixed.ts': `export { readFile } from 'fs';\n`,
  'core/lazy.ts': `export const load = () => import('../engine/part.js');\n`,
  'core/package.ts': `export { value } from 'shipped';\n`,
  'services/files.ts': `export { readFile } from 'node:fs';\n`,
  'services/tool.ts': `export { value } from 'tool';\n`,
  'services/undeclared.ts': `export { value } from 'undeclared';\n`,
};
for (const name of ['shipped', 'tool', 'undeclared']) {
  files[`node_modules/${name}/package.json`] = JSON.stringify({ name, version: '1.0.0', main: 'index.js' });
  files[`node_modules/${name}/index.js`] = 'exports.value = 1;\n';
}
for (const folder of [...importers, 'bench'])
  files[`${folder}/part.ts`] = `export type Part = '${folder}';\n`;
for (const [importer, , imported] of pairs) {
  files[`${importer}/from-${imported}.ts`] = `export type { Part } from '../${imported}/part.js';\n`;
}

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}

describe('the check of imports', () => {
  const project = mkdtempSync(join(tmpdir(), 'locoprop-imports-'));
  let report: Report;
  const brokenRules = (file: string): string[] =>
    report.summary.violations.filter(({ from }) => from === file).map(({ rule }) => rule.name);

  beforeAll(() => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(project, name)), { recursive: true });
      writeFileSync(join(project, name), text);
    }
    cpSync(join(root, 'tsconfig.json'), join(project, 'tsconfig.json'));
    const cruise = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const config = join(root, '.dependency-cruiser.mjs');
    const json = execFileSync(process.execPath, [cruise, '--config', config, '--output-type', 'json', '.'], {
      cwd: project,
      encoding: 'utf8',
    });
    report = JSON.parse(json) as Report;
  });
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it.each(pairs)('%s/ %s import %s/', (importer, verdict, imported) => {
    const expected = verdict === 'may' ? [] : [`${importer}-imports`];
    expect(brokenRules(`${importer}/from-${imported}.ts`)).toEqual(expected);
  });

  it.each([
    ['a cycle', 'core/cycle/one.ts', 'no-cycle'],
    ['a cycle of types', 'core/types/one.ts', 'no-cycle'],
    ["Node's modules in core/", 'core/files.ts', 'core-imports'],
    ["Node's modules without their prefix in core/", 'core/unprefixed.ts', 'core-imports'],
    ['a folder imported late', 'core/lazy.ts', 'core-imports'],
    ['a development dependency in published code', 'services/tool.ts', 'declared-dependencies'],
    ['a package that is not declared', 'services/undeclared.ts', 'declared-dependencies'],
  ])('refuses %s', (_what, file, rule) => {
    expect(brokenRules(file)).toContain(rule);
  });

  it.each(['core/package.ts', 'services/files.ts'])('lets %s pass', (file) => {
    expect(brokenRules(file)).toEqual([]);
  });
});
