import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { engineChoices } from '#core/engine-names.js';
import { editorSchema } from '#core/spec/editor-schema.js';
import { LocopropError } from '#core/errors/error.js';
import { parseYaml, writeYaml } from '#services/configuration/yaml-text.js';
import { minimalSpec, parse, parts } from './support.js';

/** A record of which any field may be left out. */
const some = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T, never>(fields, { requiredKeys: [] });

const count = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const rate = fc.double({ min: 1e-12, max: 1e6, noNaN: true });
const share = fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true });
const nullable = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { nil: null });
const file = fc.string({ minLength: 1, maxLength: 20 });
const column = fc.oneof(file, fc.nat());

const transfer = fc.oneof(
  fc.constantFrom('identity', 'tanh', 'relu', 'leaky_relu', 'softmax'),
  fc.record({ name: fc.constant('leaky_relu'), slope: rate }),
);
const optimizer = fc.oneof(
  fc.constant('adam'),
  fc.record({ name: fc.constantFrom('sgd', 'rmsprop', 'adagrad'), learningRate: rate }),
  fc.record({ name: fc.constantFrom('momentum', 'nesterov'), learningRate: rate, momentum: share }),
);
const regularizer = fc.oneof(
  fc.constant('none'),
  fc.record({ name: fc.constant('proximal'), eta: rate }),
  fc.record({ name: fc.constant('l2'), lambda: rate }),
);
const local = some({
  loss: fc.constantFrom('squared', 'matching', { name: 'squared' }),
  target: fc.oneof(fc.record({ activationLearningRate: rate }), fc.constant('gradient_step')),
  iterations: count(100),
  schedule: fc.constantFrom('linear', 'constant'),
  regularizer,
  optimizer: fc.oneof(optimizer, fc.record({ learningRate: rate })),
  solver: fc.constant('iterative'),
  form: fc.constantFrom('auto', 'direct'),
});
const split = fc.constantFrom('train', 'test');
const source = fc.oneof(
  fc.record({ dataset: fc.constantFrom('mnist', 'fashion-mnist'), split, examples: count(1e6) }),
  fc.record({ dataset: fc.constant('curves'), examples: count(1e6), seed: fc.nat(), split }),
  fc
    .tuple(
      fc.record({ file }),
      some({
        format: fc.constantFrom('idx', 'npy', 'npz', 'csv', 'parquet'),
        inputs: fc.oneof(column, fc.array(column, { minLength: 1, maxLength: 3 })),
        labels: column,
        targets: fc.oneof(column, fc.array(column, { minLength: 1, maxLength: 3 })),
        classes: fc.integer({ min: 2, max: 1000 }),
        scale: rate,
        testShare: share,
        split,
        skip: fc.nat(),
        examples: count(1e6),
      }),
    )
    .map(([required, others]) => ({ ...required, ...others })),
);
const schedule = fc.oneof(
  fc.constantFrom('constant', 'notebook', 'cosine'),
  fc.record({ name: fc.constant('notebook'), warmupEpochs: fc.nat() }),
  fc.record({ name: fc.constant('cosine'), warmupEpochs: fc.nat(), floor: share }),
  fc.record({ name: fc.constant('step'), everyEpochs: count(100), factor: share }),
);

/** Specs as people may write them, all of them valid. */
const validSpec = fc
  .record({
    data: fc.record({ train: source, test: nullable(source), targets: fc.constantFrom('inputs', 'labels') }),
    network: fc.record({
      layers: fc.array(
        fc
          .tuple(fc.record({ units: count(100), transfer }), some({ local }))
          .map(([layer, own]) => ({ ...layer, ...own })),
        { minLength: 1, maxLength: 4 },
      ),
      loss: fc.constant('squared_error'),
    }),
    training: fc.record({ epochs: count(1000), batchSize: count(5000), schedule }),
  })
  .chain((required) =>
    some({
      name: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/),
      seed: fc.maxSafeNat(),
      plugins: fc.uniqueArray(file, { maxLength: 2 }),
      local,
      guard: some({ enabled: fc.boolean(), limit: rate, retries: fc.nat(100), shrink: share }),
      engine: some({ name: fc.constantFrom(...engineChoices), threads: nullable(count(64)) }),
      evaluation: some({
        everyEpochs: count(9),
        trainExamples: nullable(count(9)),
        batchSize: nullable(count(9)),
      }),
      checkpoints: some({ everyEpochs: count(9), everySteps: nullable(count(9)), keep: count(9) }),
      initialWeights: nullable(file),
    }).map((optional) => ({ ...required, ...optional })),
  );

describe('any valid spec', () => {
  it('is accepted, means the same when it is written out, and is right for editors', () => {
    const accepts = new Ajv2020({ strict: false }).compile(editorSchema(parts));
    fc.assert(
      fc.property(validSpec, (written) => {
        const spec = parse(written);
        expect(parse(spec)).toEqual(spec);
        expect(parse(parseYaml(writeYaml(spec), 'f'))).toEqual(spec);
        expect(accepts(written), JSON.stringify(accepts.errors)).toBe(true);
        expect(accepts(JSON.parse(JSON.stringify(spec))), JSON.stringify(accepts.errors)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});

/** Where a change of a spec can be made: keys from the top, each taken from those that there are. */
function changeAt(value: unknown, route: readonly number[], change: unknown): unknown {
  const [turn, ...rest] = route;
  if (turn === undefined || typeof value !== 'object' || value === null) return change;
  const keys = Object.keys(value);
  if (keys.length === 0) return change;
  const key = keys[turn % keys.length]!;
  const inner = changeAt((value as Record<string, unknown>)[key], rest, change);
  return Array.isArray(value)
    ? value.map((entry: unknown, index) => (String(index) === key ? inner : entry))
    : { ...value, [key]: inner };
}

/** Parses what may be no spec at all; a refusal must be one of the catalogue. */
function parseAnything(data: unknown): void {
  try {
    const spec = parse(data);
    expect(parse(spec)).toEqual(spec);
  } catch (error) {
    if (!(error instanceof LocopropError)) throw error;
    expect(error.code).toBe('SPEC_INVALID');
    expect(error.message).toMatch(/^The spec has (a problem|\d+ problems):\n {2}\S/);
  }
}

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSparseArray: true,
  withTypedArray: true,
});

describe('any value', () => {
  it('is a spec or refused with an error of the catalogue', () => {
    fc.assert(fc.property(anything, parseAnything), { numRuns: 30 });
  });

  it('is so too in the place of a field or among the fields', () => {
    const route = fc.array(fc.nat(20), { maxLength: 6 });
    const key = fc.oneof(
      fc.string(),
      fc.constantFrom('__proto__', 'constructor', 'name', 'local', 'dataset'),
    );
    fc.assert(
      fc.property(validSpec, route, anything, (spec, place, value) => {
        parseAnything(changeAt(spec, place, value));
      }),
      { numRuns: 30 },
    );
    fc.assert(
      fc.property(route, key, anything, (place, name, value) => {
        parseAnything(changeAt(minimalSpec(), place, { [name]: value }));
      }),
      { numRuns: 30 },
    );
  });
});
