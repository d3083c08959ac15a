import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gridOf, valuesOf } from '#core/compare/grid.js';
import { parseCompare } from '#core/compare/parse-compare.js';
import { LocopropError } from '#core/errors/error.js';
import { readCompare } from '#services/configuration/compare-file.js';
import { minimalSpec, refusal, type Written } from '../spec/support.js';

const rate = 'local.optimizer.learningRate';

/** A comparison of two contenders, with some of its fields replaced. */
const comparison = (fields: Written = {}): Written => ({
  base: 'job.json',
  search: { trials: 2, epochs: 1, trainExamples: 50 },
  contenders: [
    { name: 'LocoProp-M', search: { [rate]: [1e-5, 1e-4] } },
    {
      name: 'BackProp, sgd',
      set: { 'training.algorithm': 'backprop', 'local.optimizer': 'sgd' },
      search: { [rate]: [0.1, 1] },
    },
  ],
  ...fields,
});

/** What a comparison is refused for, a line each. */
const problems = (data: unknown): string[] => {
  const { code, message } = refusal(() => parseCompare(data, 'c.yaml'));
  expect(code).toBe('COMPARE_INVALID');
  return message
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
};

describe('what a comparison is refused for', () => {
  const [first, second] = comparison()['contenders'] as [Written, Written];

  it.each<[string, Written, string[]]>([
    [
      'a misspelt field',
      comparison({ loses: [3] }),
      [
        'loses is no field; allowed: name, title, base, set, search, losses, relativeTo, contenders (did you mean "losses"?)',
      ],
    ],
    ['no base', { contenders: [first] }, ['base is missing; allowed: a text of 1 to 4096 characters']],
    [
      'a grid of another size than the budget, saying both numbers',
      comparison({
        contenders: [first, { ...second, search: { [rate]: [1, 2, 3], 'local.iterations': [1, 2] } }],
      }),
      [
        'contenders.1.search is {"local.optimizer.learningRate":[1,2,3],"local.iterations":[…; allowed: a grid of ' +
          '2 settings, the trials of search; this one has 6',
      ],
    ],
    [
      'a search without a budget',
      comparison({ search: null, contenders: [first] }),
      [
        'contenders.0.search is {"local.optimizer.learningRate":[0.00001,0.0001]}; allowed: none without `search` ' +
          'at the top, which says its budget',
      ],
    ],
    [
      'two names of one folder',
      comparison({ contenders: [first, { ...second, name: 'locoprop (M)' }] }),
      [
        'contenders.1.name is "locoprop (M)"; allowed: a name whose folder, locoprop-m, is not that of LocoProp-M',
      ],
    ],
    [
      'a reference that is no contender',
      comparison({ relativeTo: 'adam' }),
      ['relativeTo is "adam"; allowed: LocoProp-M, BackProp, sgd'],
    ],
    [
      'a range that is none',
      comparison({ contenders: [first, { ...second, search: { [rate]: { from: 0, to: 1, cuont: 2 } } }] }),
      [
        'contenders.1.search."local.optimizer.learningRate" is {"from":0,"to":1,"cuont":2}; allowed: a map with ' +
          'the fields from, to, count or a list of 1 to 1000 entries',
      ],
    ],
  ])('%s', (_, data, expected) => {
    expect(problems(data)).toEqual(expected);
  });
});

describe('a search', () => {
  it('has ranges in equal ratios with exact ends', () => {
    expect(valuesOf({ from: 1e-5, to: 0.1, count: 5 })).toEqual([1e-5, 1e-4, 1e-3, 0.01, 0.1]);
    expect(valuesOf({ from: 3e-4, to: 0.01, count: 3 })).toEqual([3e-4, 1.73e-3, 0.01]);
  });

  it('tries all combinations', () => {
    const { contenders } = parseCompare(
      comparison({
        search: { trials: 4, epochs: 1 },
        contenders: [{ name: 'a', search: { x: [1, 2], y: ['u', 'v'] } }],
      }),
      '',
    );
    expect(gridOf(contenders[0]!)).toEqual([
      { x: 1, y: 'u' },
      { x: 1, y: 'v' },
      { x: 2, y: 'u' },
      { x: 2, y: 'v' },
    ]);
  });
});

describe('the runs of a comparison', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'locoprop-compare-'));
    await writeFile(join(folder, 'job.json'), JSON.stringify({ ...minimalSpec(), seed: 7 }));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const read = async (data: Written) => {
    const file = join(folder, 'my comparison.json');
    await writeFile(file, JSON.stringify(data));
    return readCompare(file, [{ path: ['engine', 'threads'], value: 1 }]);
  };
  const refused = async (data: Written): Promise<LocopropError> => {
    const outcome: unknown = await read(data).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(LocopropError);
    return outcome as LocopropError;
  };

  it('differ in what the contenders say, and trials in the budget', async () => {
    const { spec, contenders } = await read(comparison({ set: { 'training.epochs': 9 } }));
    expect(spec.name).toBe('my-comparison');
    const [locoprop, sgd] = contenders as [(typeof contenders)[0], (typeof contenders)[0]];
    expect(sgd.folder).toBe('backprop-sgd');
    const { spec: trial } = sgd.trials[1]!.job;
    expect(trial.training).toMatchObject({ algorithm: 'backprop', epochs: 1 });
    expect(trial.local.optimizer).toEqual({ name: 'sgd', learningRate: 1 });
    expect(trial.data).toMatchObject({ train: { examples: 50 }, test: null });
    const { spec: full } = await locoprop.fullRun(locoprop.trials[0]!.setting);
    expect(full).toMatchObject({
      name: 'locoprop-m',
      seed: 7,
      training: { epochs: 9 },
      engine: { threads: 1 },
    });
    expect(full.data.train).toEqual({ dataset: 'curves', examples: 100 });
    expect(full.local.optimizer).toMatchObject({ name: 'rmsprop', learningRate: 1e-5, momentum: 0.999 });
  });

  it('are checked before any of them is made, with near misses', async () => {
    const contenders = [{ name: 'a', set: { 'local.optimiser.momentum': 0.5 } }];
    const { code, message } = await refused(comparison({ contenders }));
    expect(code).toBe('SPEC_INVALID');
    expect(message).toMatch(/^The contender a of .*my comparison\.json has a problem:/);
    expect(message).toContain('local.optimiser is no field');
    expect(message).toContain('(did you mean "optimizer"?)');
  });

  it.each([
    ['seed', 8, 'seed: 7, now 8'],
    ['network.layers.0.units', 9, 'network.layers.0.units: 6, now 9'],
    ['data.train.examples', 10, 'data.train.examples: 100, now 10'],
  ])('may not differ in %s', async (path, value, difference) => {
    const contenders = [{ name: 'a' }, { name: 'b', set: { [path]: value } }];
    const { code, message } = await refused(comparison({ contenders }));
    expect(code).toBe('COMPARE_UNLIKE');
    expect(message).toContain(
      `the contender b differs from a in what must be the same for all: ${difference}.`,
    );
  });
});
