import eslint from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * Which folders of the project the code of a folder may import, besides its own. Data flows down this
 * table: nothing imports what calls it. `bench/`, `examples/` and `test/` stand above it.
 */
const mayImport = {
  core: [],
  proto: [],
  engine: ['core'],
  services: ['core', 'proto'],
  worker: ['core', 'engine', 'services', 'proto'],
  coordinator: ['core', 'engine', 'services', 'proto'],
  cli: ['core', 'coordinator', 'services'],
  dashboard: [],
};

const zones = Object.entries(mayImport).map(([folder, allowed]) => ({
  target: `./${folder}`,
  from: '.',
  except: [`./${folder}`, ...allowed.map((name) => `./${name}`), './node_modules'],
  message: `${folder}/ may import ${['its own files', ...allowed.map((name) => `${name}/`)].join(', ')} only.`,
}));

const sources = Object.keys(mayImport).map((folder) => `${folder}/**/*.ts`);

/** What makes a function of `core/` depend on more than its arguments. */
const impureGlobals = [
  ...[
    'process',
    'globalThis',
    'global',
    'require',
    'console',
    'Date',
    'performance',
    'crypto',
    'fetch',
    'Atomics',
  ],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'navigator', 'Worker', 'WebSocket'],
];

export default tseslint.config(
  { ignores: ['dist/', 'runs/', 'coverage/', 'node_modules/'] },
  {
    // A rule that must be broken in one place is wrong for the project: change it here, for all to see.
    linterOptions: { noInlineConfig: true },
  },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, importX.flatConfigs.typescript],
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname },
    },
    plugins: { 'import-x': importX },
    settings: {
      // Imports are written with the extension of the compiled file, NodeNext's way.
      'import-x/resolver-next': [
        createNodeResolver({ extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } }),
      ],
      'import-x/external-module-folders': ['node_modules', 'dist'],
      'import-x/internal-regex': '^#',
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/prefer-readonly': 'error',
      // Array access is checked (noUncheckedIndexedAccess): `!` says that a loop's bounds prove the index.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-self-import': 'error',
      'import-x/no-extraneous-dependencies': ['error', { devDependencies: ['test/**', '*.config.ts'] }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportAllDeclaration',
          message: 'Name what is exported, so that a surface grows on purpose.',
        },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: sources,
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ regex: '^#|^locoprop(/|$)', message: 'Sources import each other by relative path.' }],
        },
      ],
      'max-lines': ['error', { max: 400 }],
    },
  },
  {
    files: ['core/**/*.ts'],
    rules: {
      'import-x/no-nodejs-modules': 'error',
      'no-restricted-globals': [
        'error',
        ...impureGlobals.map((name) => ({
          name,
          message: 'core/ has no input, output, clock, chance or environment.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Draw from a seeded stream of core/random.ts.' },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
);
