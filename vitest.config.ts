import { tmpdir } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests of the packed tarball: they install packages, so they need the registry and take longer. */
const PACKAGE_TESTS = ['test/package/tarball.test.ts'];
const inFolder = (folder: string, ...names: readonly string[]): string[] =>
  names.map((name) => `test/${folder}/${name}.test.ts`);

/** Runs with real processes to which everything happens that can, and what they log: they take minutes. */
const FAULT_TESTS = [
  ...inFolder('telemetry', 'processes'),
  ...inFolder('faults', 'table', 'coordinator', 'interruption', 'chaos'),
  ...inFolder('compare', 'runs'),
  ...inFolder('service-faults', 'kills', 'life', 'failures', 'follow', 'workers', 'damage'),
];
/** The commands of the documents, as a reader runs them: minutes. */
const PAGE_TESTS = inFolder('docs', 'commands');
/** The dashboard in Debian's Chromium, or another one that the variable CHROMIUM names: minutes. */
const BROWSER_TESTS = inFolder('dashboard', 'sign-in', 'life', 'faults', 'feed', 'looks');
/** Against servers that `test/services/install.sh` installs. */
const SERVICE_TESTS = [
  ...inFolder('job-store', 'bucket'),
  ...inFolder('tracking', 'real-readers'),
  ...inFolder('queue', 'bull-queue', 'bull-faults', 'bull-processes'),
  ...inFolder('service-faults', 'shared-kills', 'takeover', 'queue'),
];
/** On a driver of Vulkan: SwiftShader, which `test/webgpu/install.sh` installs, unless the environment names another. */
const WEBGPU_TESTS = [...inFolder('engine', 'onnx-webgpu'), ...inFolder('webgpu', '*')];
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const VULKAN = {
  VK_ICD_FILENAMES: process.env.VK_ICD_FILENAMES ?? SWIFTSHADER,
  VK_DRIVER_FILES: process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES ?? SWIFTSHADER,
  XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir(),
};

/** On the package that deploy/tfjs-node/build.sh builds. */
const TFJS_NODE_TESTS = inFolder('engine', 'tfjs-node');

export default defineConfig({
  test: {
    // Against tests that hang: several processes that start take a minute on a machine with ten times the load.
    testTimeout: 180_000,
    hookTimeout: 180_000,
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
          exclude: [
            ...PACKAGE_TESTS,
            ...FAULT_TESTS,
            ...SERVICE_TESTS,
            ...PAGE_TESTS,
            ...TFJS_NODE_TESTS,
            ...WEBGPU_TESTS,
            ...BROWSER_TESTS,
          ],
        },
      },
      { extends: true, test: { name: 'faults', include: FAULT_TESTS } },
      { extends: true, test: { name: 'services', include: SERVICE_TESTS } },
      { extends: true, test: { name: 'pages', include: PAGE_TESTS } },
      { extends: true, test: { name: 'tfjs-node', include: TFJS_NODE_TESTS } },
      { extends: true, test: { name: 'webgpu', include: WEBGPU_TESTS, env: VULKAN } },
      { extends: true, test: { name: 'browser', include: BROWSER_TESTS } },
      { extends: true, test: { name: 'package', include: PACKAGE_TESTS } },
    ],
  },
});
