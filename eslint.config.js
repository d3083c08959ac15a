import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

// What files may import is checked by dependency-cruiser: .dependency-cruiser.mjs.

/** What makes the result of a function depend on more than its arguments, or do more than return it. */
const IMPURE_GLOBALS =
  'process globalThis global require console Date performance crypto fetch WebSocket Worker navigator Atomics ' +
  'setTimeout setInterval setImmediate queueMicrotask';

/** As the compiler has it: a leading underscore says that a name is there for its place only. */
const UNUSED = { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' };

export default defineConfig(
  globalIgnores(['dist/', 'runs/', 'coverage/', 'test/services/.venv/']),
  {
    // A rule that must be broken in one place is wrong for the project: change it here, for all to see.
    linterOptions: { noInlineConfig: true },
  },
  eslint.configs.recommended,
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: globals.nodeBuiltin },
    rules: { 'no-unused-vars': ['error', UNUSED] },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.test.json', './dashboard/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', UNUSED],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Array access is checked (noUncheckedIndexedAccess): `!` says that a loop's bounds prove the index.
      '@typescript-eslint/no-non-null-assertion': 'off',
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400 }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportAllDeclaration',
          message: 'Name what is exported, so that a surface grows on purpose.',
        },
      ],
    },
  },
  {
    files: ['**/*.{ts,tsx}'],
    ignores: ['test/**', 'examples/**', '**/*.config.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ regex: '^(#|locoprop(/|$))', message: 'Sources import each other by relative path.' }],
        },
      ],
    },
  },
  {
    files: ['dashboard/**/*.{ts,tsx}'],
    // An enumeration that a package declares for types only can be written as its numbers alone.
    rules: { '@typescript-eslint/no-unsafe-enum-assignment': 'off' },
  },
  {
    files: ['core/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...IMPURE_GLOBALS.split(' ').map((name) => ({
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
);
