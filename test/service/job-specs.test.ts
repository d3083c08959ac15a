import type { JobSpecsOptions } from '#coordinator/service/job-specs.js';
import { LocopropError } from '#core/errors/error.js';
import type { JobStore } from '#services/store/job-store.js';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chunksOf } from '../job-store/support.js';
import { openStore, specsOf, specText } from './support.js';

const UNKNOWN = 'f'.repeat(64);

let root: string;
let store: JobStore;
let uploaded: string;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'locoprop-job-specs-')));
  const folders = ['files/deep', 'files-too', 'plugins', 'elsewhere'];
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true });
  const part = "export default { kind: 'transfer', name: 'mine', apply: (x) => x };\n";
  const contents = {
    'files/inside.csv': '1,2\n',
    'files/deep/inner.csv': '1,2\n',
    'files/..csv': '1,2\n',
    'files-too/near.csv': '1,2\n',
    'elsewhere/secret.csv': '1,2\n',
    'elsewhere/evil.mjs': `globalThis.pluginHasRun = true;\n${part}`,
    'files/evil.mjs': `globalThis.pluginHasRun = true;\n${part}`,
  };
  for (const [name, text] of Object.entries(contents)) await writeFile(join(root, name), text);
  const links = [
    ['files/within.csv', 'deep/inner.csv'],
    ['files/out.csv', '../elsewhere/secret.csv'],
    ['files/outfolder', '../elsewhere'],
    ['files/absolute.csv', join(root, 'elsewhere/secret.csv')],
    ['files/nowhere.csv', 'no-such-file.csv'],
    ['files/round.csv', 'round.csv'],
    ['files/near.csv', '../files-too/near.csv'],
    ['linked-files', 'files'],
    ['plugins/evil.mjs', '../elsewhere/evil.mjs'],
  ] as const;
  for (const [name, target] of links) await symlink(target, join(root, name));
  store = await openStore(join(root, 'store'), (close) => closing.push(close));
  ({ id: uploaded } = await store.addDataset(chunksOf('1,2\n'), { name: 'a.csv', digest: null, limit: 100 }));
});
afterAll(async () => {
  for (const close of closing) await close();
  await rm(root, { recursive: true, force: true });
});

type Folders = Pick<JobSpecsOptions, 'files' | 'plugins'>;
const folders = (): Folders => ({ files: join(root, 'files'), plugins: join(root, 'plugins') });

/** Specs that name a path: as data, as weights, as a plugin. */
const naming = {
  data: (path: string) => specText({ data: { train: { file: path, format: 'csv' }, targets: 'inputs' } }),
  weights: (path: string) => specText({ initialWeights: path }),
  plugin: (path: string) => specText({ plugins: [path] }),
};

/** Where the path of a spec leads, within the folder of the test; else the code of its refusal. */
async function outcomeOf(kind: keyof typeof naming, path: string, options: Folders): Promise<string> {
  const specs = specsOf(store, options);
  try {
    const checked = await specs.check(naming[kind](path), 'the spec');
    const { spec } = await specs.open(checked);
    const { train } = spec.data;
    const found = {
      data: 'file' in train ? train.file : null,
      weights: spec.initialWeights,
      plugin: spec.plugins[0],
    };
    return String(found[kind]).replace(`${root}/`, '');
  } catch (error) {
    if (error instanceof LocopropError) return error.code;
    throw error;
  }
}

const REFUSED = 'JOB_PATH_REFUSED';

describe('a path of a spec', () => {
  it.each([
    ['inside.csv', 'files/inside.csv'],
    ['./deep/../inside.csv', 'files/inside.csv'],
    ['deep/inner.csv', 'files/deep/inner.csv'],
    ['..csv', 'files/..csv'],
    ['within.csv', 'files/deep/inner.csv'],
    ['{root}/files/inside.csv', 'files/inside.csv'],
    ['../elsewhere/secret.csv', REFUSED],
    ['deep/../../elsewhere/secret.csv', REFUSED],
    ['../files-too/near.csv', REFUSED],
    ['..', REFUSED],
    ['.', REFUSED],
    ['{root}/elsewhere/secret.csv', REFUSED],
    ['{root}/files-too/near.csv', REFUSED],
    ['/etc/passwd', REFUSED],
    ['out.csv', REFUSED],
    ['outfolder/secret.csv', REFUSED],
    ['absolute.csv', REFUSED],
    ['near.csv', REFUSED],
    ['nowhere.csv', REFUSED],
    ['round.csv', REFUSED],
    ['missing.csv', REFUSED],
    ['inside.csv/deeper', REFUSED],
    ['inside.csv\0.png', REFUSED],
    ['file:///etc/passwd', REFUSED],
    [`upload:${UNKNOWN}`, 'DATASET_UNKNOWN'],
    ['upload:../../api-tokens', REFUSED],
    [`upload:${UNKNOWN.toUpperCase()}`, REFUSED],
    [`upload:${UNKNOWN}/../x`, REFUSED],
  ])('%j leads to %s', async (path, expected) => {
    const named = path.replace('{root}', root);
    expect(await outcomeOf('data', named, folders())).toBe(expected);
    expect(await outcomeOf('weights', named, folders())).toBe(expected);
  });

  it('that is an upload leads into the store, without any folder', async () => {
    const none = { files: null, plugins: null };
    const path = `upload:${uploaded}`;
    expect(await outcomeOf('data', path, none)).toBe(`store/datasets/${uploaded}/a.csv`);
    expect(await outcomeOf('weights', path, none)).toBe(`store/datasets/${uploaded}/a.csv`);
  });

  it('leads nowhere without a folder for its kind, or where that folder is missing', async () => {
    const { files, plugins } = folders();
    const missing = join(root, 'no-such-folder');
    expect(await outcomeOf('data', 'inside.csv', { files: null, plugins: files })).toBe(REFUSED);
    expect(await outcomeOf('data', 'inside.csv', { files: missing, plugins: files })).toBe(REFUSED);
    expect(await outcomeOf('plugin', 'part.mjs', { files: plugins, plugins: null })).toBe(REFUSED);
    expect(await outcomeOf('plugin', 'part.mjs', { files: plugins, plugins: missing })).toBe(REFUSED);
  });

  it('is looked for in the folder that a link to it names', async () => {
    const linked = { files: join(root, 'linked-files'), plugins: null };
    expect(await outcomeOf('data', 'inside.csv', linked)).toBe('files/inside.csv');
  });

  it('may be that of the data and of the weights, and stays as it was written in the checked spec', async () => {
    await writeFile(join(root, 'files/same'), '1,2\n');
    const specs = specsOf(store, { files: join(root, 'files'), plugins: null });
    const data = { train: { file: 'same', format: 'csv' }, targets: 'inputs' };
    const checked = await specs.check(specText({ data, initialWeights: 'same' }), 'the spec');
    const { spec } = await specs.open(checked);
    expect(spec).toMatchObject({
      data: { train: { file: join(root, 'files/same') } },
      initialWeights: join(root, 'files/same'),
    });
    expect(checked).toMatchObject({ data: { train: { file: 'same' } }, initialWeights: 'same' });
  });
});

describe('a plugin', () => {
  const ran = (): boolean => 'pluginHasRun' in globalThis;

  it.each([
    'evil.mjs',
    '../files/evil.mjs',
    '../elsewhere/evil.mjs',
    '{root}/files/evil.mjs',
    '{root}/elsewhere/evil.mjs',
    'data:text/javascript,globalThis.pluginHasRun=true',
    `upload:${UNKNOWN}`,
  ])('that is %s is refused before it could run', async (path) => {
    expect(await outcomeOf('plugin', path.replace('{root}', root), folders())).toBe(REFUSED);
    expect(ran()).toBe(false);
  });

  it('that was uploaded is refused, though it is known as data', async () => {
    expect(await outcomeOf('plugin', `upload:${uploaded}`, folders())).toBe(REFUSED);
  });

  it('in its folder is run', async () => {
    const file = join(root, 'plugins/good.mjs');
    await writeFile(file, 'globalThis.goodPluginHasRun = true;\nexport default [];\n');
    expect(await outcomeOf('plugin', 'good.mjs', folders())).toBe('plugins/good.mjs');
    expect('goodPluginHasRun' in globalThis).toBe(true);
  });
});
