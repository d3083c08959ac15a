import { defineConfig } from 'vitest/config';

/** Tests of the packed tarball: they install packages, so they need the registry and take longer. */
const PACKAGE_TESTS = ['test/package/tarball.test.ts'];
/** Runs with real processes to which everything happens that can: they take minutes. */
const FAULT_TESTS = ['table', 'coordinator', 'interruption', 'chaos'].map(
  (name) => `test/faults/${name}.test.ts`,
);

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The engines bring threads of their own.
    maxWorkers: 2,
    // A test that passes only at times is broken.
    retry: 0,
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...PACKAGE_TESTS, ...FAULT_TESTS],
        },
      },
      { extends: true, test: { name: 'faults', include: FAULT_TESTS } },
      { extends: true, test: { name: 'package', include: PACKAGE_TESTS } },
    ],
  },
});
