import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { editorSchema } from '#core/spec/editor-schema.js';
import { compareEditorSchema, compareSection } from '#core/compare/compare-page.js';
import { specPage } from '#core/spec/spec-page.js';
import { parseYaml } from '#services/configuration/yaml-text.js';
import { minimalSpec, parse, parts, specWith, specWithLayers } from './support.js';

const root = new URL('../../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');

const regenerate = 'run `npm run build && node schema/generate.mjs`';

describe('what is made of the schema', () => {
  it('schema/job.schema.json is up to date', async () => {
    const committed: unknown = JSON.parse(await read('schema/job.schema.json'));
    expect(committed, regenerate).toEqual(editorSchema(parts));
  });

  it('schema/compare.schema.json is up to date', async () => {
    const committed: unknown = JSON.parse(await read('schema/compare.schema.json'));
    expect(committed, regenerate).toEqual(compareEditorSchema());
  });

  it('docs/spec.md is up to date', async () => {
    const options = { ...(await resolveConfig('docs/spec.md')), parser: 'markdown' };
    expect(await read('docs/spec.md'), regenerate).toBe(
      await format(`${specPage(parts)}\n\n${compareSection()}`, options),
    );
  });

  it('docs/spec.md shows a whole spec', async () => {
    const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(await read('docs/spec.md')) ?? [];
    expect(parse(parseYaml(yaml, 'docs/spec.md')).network.layers).toHaveLength(2);
  });

  it.each([
    ['job', editorSchema(parts)],
    ['comparison', compareEditorSchema()],
  ])('every field of a %s has a description', (_, schema) => {
    const undescribed: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        const at = `${path}/${key}`;
        const isField = /\/properties\/[^/]+$/.test(at) && !/\/(?:name|dataset)$/.test(at);
        if (isField && !('$ref' in inner) && !('description' in inner)) undescribed.push(at);
        visit(inner, at);
      }
    };
    visit(schema, '');
    expect(undescribed).toEqual([]);
  });
});

describe('the schema for editors', () => {
  const accepts = new Ajv2020({ strict: false }).compile(editorSchema(parts));

  it.each([
    ['a minimal spec', minimalSpec()],
    ['a part of a plugin by its name', specWithLayers([{ units: 2, transfer: 'mine' }])],
    ['a part of a plugin as a map', specWithLayers([{ units: 2, transfer: { name: 'mine', slope: 3 } }])],
    ['a part without a name', specWith({ local: { optimizer: { learningRate: 1 } } })],
    ['nulls', specWith({ initialWeights: null, engine: { threads: null } })],
  ])('accepts %s', (_, spec) => {
    expect(accepts(spec), JSON.stringify(accepts.errors)).toBe(true);
  });

  it.each([
    ['a misspelt field', specWith({ trainig: {} })],
    ['a missing field', { ...minimalSpec(), training: {} }],
    ['a number out of range', specWith({ seed: -1 })],
    ['a misspelt word', specWith({ engine: { name: 'onx' } })],
    ['an unknown hyperparameter', specWithLayers([{ units: 2, transfer: { name: 'tanh', slope: 3 } }])],
    ['a missing hyperparameter', specWith({ local: { optimizer: { name: 'sgd' } } })],
    ['a transfer function without a name', specWithLayers([{ units: 2, transfer: { slope: 3 } }])],
    ['two kinds of data source in one', specWith({ data: { train: { file: 'a', dataset: 'mnist' } } })],
  ])('refuses %s', (_, spec) => {
    expect(accepts(spec)).toBe(false);
  });
});
