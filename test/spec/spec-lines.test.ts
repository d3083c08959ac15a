import { describe, expect, it } from 'vitest';
import { LocopropError } from '#core/errors/error.js';
import { SpecRefusal } from '#core/errors/spec-refusal.js';
import { parseSpec } from '#core/spec/parse.js';
import { withLines } from '#services/configuration/spec-lines.js';
import { parseYaml } from '#services/configuration/yaml-text.js';
import { parts } from './support.js';

const SPEC = `name: bad
data: { train: { dataset: curves, examples: -3 } }
network:
  layers:
    - { units: 10, transfer: tanhh }
  loss: squared_error
training:
  epochs: 1
  foo: 3
`;

const problemsOf = (text: string, refuse: () => unknown = () => parseSpec(parseYaml(text, 'It'), parts)) => {
  try {
    refuse();
  } catch (error) {
    const located = withLines(error, text);
    expect(located).toBeInstanceOf(SpecRefusal);
    // What was said without lines is still said.
    expect((located as SpecRefusal).message).toBe((error as Error).message);
    return (located as SpecRefusal).problems;
  }
  throw new Error('nothing was refused');
};

describe('what is wrong with a spec', () => {
  it('has the fields, and the lines on which they stand', () => {
    const problems = problemsOf(SPEC);
    const lineOf = (path: string) => problems.find((problem) => problem.path === path)?.line;
    expect(lineOf('data.train.examples')).toBe(2);
    expect(lineOf('network.layers.0.transfer')).toBe(5);
    expect(lineOf('training.foo')).toBe(9);
    expect(problems.find(({ path }) => path === 'training.foo')?.text).toMatch(/^training\.foo is no field/);
  });

  it('stands where fields contradict each other', () => {
    const text = `data: { train: { dataset: curves, examples: 9 } }
network:
  layers:
    - { units: 784,
        transfer: tanh }
  loss: sigmoid_cross_entropy
training: { epochs: 1 }
`;
    expect(problemsOf(text)).toEqual([
      { path: 'network.layers.0.transfer', line: 5, text: expect.stringContaining('sigmoid') as string },
    ]);
  });

  it('has its line where the text is no YAML', () => {
    expect(problemsOf('name: a\ndata: {\n')).toEqual([
      { path: '', line: 3, text: expect.any(String) as string },
    ]);
  });

  it('stands where what is not there is named, whole or by the end of its path', () => {
    const text = 'plugins:\n  - one.mjs\ndata:\n  train: { file: "upload:abc" }\n';
    const refused = (code: 'DATASET_UNKNOWN' | 'PLUGIN_FAILED', details: Record<string, string>) => () => {
      throw new LocopropError(code, details);
    };
    const [data] = problemsOf(text, refused('DATASET_UNKNOWN', { dataset: 'abc' }));
    expect(data).toMatchObject({
      path: 'data.train.file',
      line: 4,
      text: 'There is no uploaded data set abc.',
    });
    const [plugin] = problemsOf(text, refused('PLUGIN_FAILED', { file: '/plugins/one.mjs', reason: 'x' }));
    expect(plugin).toMatchObject({ path: 'plugins.0', line: 2 });
  });
});
