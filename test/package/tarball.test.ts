import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const INSTALL_MS = 300_000;
const TRAIN_MS = 120_000;

interface PackageJson {
  readonly version: string;
}
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageJson;

/** The environment of a user's shell: this one without what `npm run` tells its own children. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(package|lifecycle|config_local)|INIT_CWD$|VITEST)/.test(name),
  ),
);

const run = (folder: string, command: string, ...args: string[]): string =>
  execFileSync(command, args, {
    cwd: folder,
    env: { ...environment, ONNXRUNTIME_NODE_INSTALL: 'skip' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });

describe('the packed tarball, installed in an empty folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'locoprop-tarball-'));
  const user = join(folder, 'user');
  const installed = join(user, 'node_modules/locoprop');
  const installedFiles = (): string[] =>
    readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));

  beforeAll(() => {
    run(root, 'npm', 'pack', '--pack-destination', folder);
    mkdirSync(user);
    writeFileSync(join(user, 'package.json'), '{ "private": true }\n');
    const tarball = join(folder, `locoprop-${version}.tgz`);
    run(user, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball);
  }, INSTALL_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('prints its version', () => {
    expect(run(user, 'npx', 'locoprop', '--version').trim()).toBe(version);
  });

  it('can be imported', () => {
    const script = `import { LocopropError } from 'locoprop'; console.log(LocopropError.name)`;
    expect(run(user, process.execPath, '--input-type=module', '--eval', script).trim()).toBe('LocopropError');
  });

  it.each([
    ['alone', []],
    ['on a worker', ['--workers', '1']],
  ] as const)(
    'trains %s',
    (name, flags) => {
      const tiny = [
        'data.train.examples=64',
        'data.test.examples=32',
        'training.epochs=1',
        'training.batchSize=32',
      ].flatMap((override) => ['--set', override]);
      const spec = join(installed, 'examples/curves-autoencoder.yaml');
      run(user, 'npx', 'locoprop', 'train', spec, ...tiny, ...flags, '--out', name);
      const [line, ...rest] = readFileSync(join(user, name, 'metrics.jsonl'), 'utf8')
        .trimEnd()
        .split('\n');
      expect(rest).toEqual([]);
      expect(JSON.parse(line ?? '')).toMatchObject({ epoch: 1, trainLoss: expect.any(Number) as number });
    },
    TRAIN_MS,
  );

  it('holds what a user needs and nothing of the build', () => {
    const files = installedFiles();
    const needed = [
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'dist/index.d.ts',
      'dist/dashboard/index.html',
      'examples/curves-autoencoder.yaml',
    ];
    expect(needed.filter((name) => !files.includes(name))).toEqual([]);
    expect(files.filter((name) => /\.tsbuildinfo$|^test\/|^dist\/test\/|\.test\.|^\./.test(name))).toEqual(
      [],
    );
  });

  it('has source maps that bring their sources', () => {
    const maps = installedFiles().filter((name) => name.endsWith('.js.map'));
    const hollow = maps.filter((name) => {
      const map = JSON.parse(readFileSync(join(installed, name), 'utf8')) as { sourcesContent?: string[] };
      return map.sourcesContent?.length !== 1;
    });
    expect(maps.length).toBeGreaterThan(0);
    expect(hollow).toEqual([]);
  });
});
