import { ESLint } from 'eslint';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** With CI set, typescript-eslint reads the files on disk alone and would never see a text of a test. */
const eslint = new ESLint({
  cwd: root,
  overrideConfig: { languageOptions: { parserOptions: { disallowAutomaticSingleRunInference: true } } },
});

/** The rules that `text` breaks where it stands in place of the project's file `path`. */
const brokenRules = async (path: string, text: string): Promise<(string | null)[]> => {
  const results = await eslint.lintText(text, { filePath: `${root}${path}` });
  return results.flatMap((result) => result.messages.map((message) => message.ruleId));
};

describe('lint', () => {
  it.each<[rule: string, path: string, text: string]>([
    [
      '@typescript-eslint/no-floating-promises',
      'index.ts',
      `const later = (): Promise<void> => Promise.resolve();\nlater();\n`,
    ],
    [
      '@typescript-eslint/no-misused-promises',
      'index.ts',
      `export const late = [1].filter(() => Promise.resolve(true));\n`,
    ],
    ['@typescript-eslint/no-explicit-any', 'index.ts', `export const anything: any = 1;\n`],
    ['@typescript-eslint/ban-ts-comment', 'index.ts', `// @ts-ignore\nexport const one: string = 1;\n`],
    [
      '@typescript-eslint/consistent-type-imports',
      'core/dataset.ts',
      `import { Matrix } from './matrix.js';\nexport const rows = (matrix: Matrix): number => matrix.rows;\n`,
    ],
    [
      '@typescript-eslint/switch-exhaustiveness-check',
      'index.ts',
      `export const f = (x: 'a' | 'b'): void => {\n  switch (x) {\n    case 'a':\n  }\n};\n`,
    ],
    [
      '@typescript-eslint/consistent-type-imports',
      'core/matrix.ts',
      `export type Engine = import('../engine/engine.js').Engine;\n`,
    ],
    ['no-restricted-globals', 'core/matrix.ts', `export const now = Date.now();\n`],
    ['no-restricted-globals', 'core/matrix.ts', `export const threads = process.env['THREADS'];\n`],
    ['no-restricted-globals', 'core/matrix.ts', `console.log('step');\n`],
    ['no-restricted-properties', 'core/matrix.ts', `export const weight = Math.random();\n`],
    ['no-restricted-imports', 'core/matrix.ts', `export { openEngine } from '#engine/engines.js';\n`],
    ['no-restricted-imports', 'core/matrix.ts', `export { LocopropError } from 'locoprop';\n`],
    ['no-restricted-syntax', 'index.ts', `export * from './core/matrix.js';\n`],
    ['no-console', 'index.ts', `console.log('step');\n`],
  ])('reports %s in %s', async (rule, path, text) => {
    expect(await brokenRules(path, text)).toContain(rule);
  });

  it('knows no comment that turns it off', async () => {
    const rules = await brokenRules('index.ts', `// eslint-disable-next-line no-console\nconsole.log(1);\n`);
    expect(rules).toContain('no-console');
  });
});
