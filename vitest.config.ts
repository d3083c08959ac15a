import { tmpdir } from 'node:os';
import { defineConfig } from 'vitest/config';

const inFolder = (folder: string, ...names: readonly string[]): string[] =>
  names.map((name) => `test/${folder}/${name}.test.ts`);

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const VULKAN = {
  VK_ICD_FILENAMES: process.env.VK_ICD_FILENAMES ?? SWIFTSHADER,
  VK_DRIVER_FILES: process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES ?? SWIFTSHADER,
  XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir(),
};

interface Group {
  readonly name: string;
  readonly include: string[];
  readonly env?: typeof VULKAN;
}

/** The tests that take minutes, or need more than a build; all others are `unit`. */
const GROUPS: readonly Group[] = [
  {
    // Runs with real processes to which everything happens that can, and what they log.
    name: 'faults',
    include: [
      ...inFolder('telemetry', 'processes'),
      ...inFolder('faults', 'table', 'coordinator', 'interruption', 'chaos'),
      ...inFolder('service-faults', 'kills', 'life', 'failures', 'follow', 'workers', 'damage'),
    ],
  },
  {
    // Commands as processes: that train, compare and measure, fail, and use the service.
    name: 'commands',
    include: [
      ...inFolder('cli', 'train', 'failures', 'machine', 'trained-run', 'second-order'),
      ...inFolder('client', 'submit', 'commands'),
      ...inFolder('compare', 'runs'),
      ...inFolder('bench', 'cluster', 'command'),
      ...inFolder('worker', 'command'),
    ],
  },
  {
    // Against servers that `test/services/install.sh` installs.
    name: 'services',
    include: [
      ...inFolder('job-store', 'bucket'),
      ...inFolder('tracking', 'real-readers'),
      ...inFolder('queue', 'bull-queue', 'bull-faults', 'bull-processes'),
      ...inFolder('service-faults', 'shared-kills', 'takeover', 'queue'),
    ],
  },
  // The commands of the documents, as a reader runs them.
  { name: 'pages', include: inFolder('docs', 'commands') },
  // On the package that deploy/tfjs-node/build.sh builds.
  { name: 'tfjs-node', include: inFolder('engine', 'tfjs-node') },
  {
    // On a driver of Vulkan: SwiftShader, which `test/webgpu/install.sh` installs, unless the environment names another.
    name: 'webgpu',
    include: [...inFolder('engine', 'onnx-webgpu'), ...inFolder('webgpu', '*')],
    env: VULKAN,
  },
  // The dashboard in Debian's Chromium, or another one that the variable CHROMIUM names.
  { name: 'browser', include: inFolder('dashboard', 'sign-in', 'life', 'faults', 'feed', 'looks') },
  // The packed tarball, whose tests install packages, so they need the registry; and that lint finds what it is to find.
  { name: 'package', include: inFolder('package', 'tarball', 'lint') },
];

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
          exclude: GROUPS.flatMap(({ include }) => include),
        },
      },
      ...GROUPS.map((test) => ({ extends: true as const, test })),
    ],
  },
});
