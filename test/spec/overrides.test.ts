import { describe, expect, it } from 'vitest';
import { applyOverride, parsePath } from '#core/spec/overrides.js';
import { parseYaml } from '#services/configuration/yaml-text.js';
import { minimalSpec, parse, problems, refusal } from './support.js';

/** The minimal spec after `--set path=value`. */
const set = (path: string, value: string): unknown =>
  applyOverride(minimalSpec(), { path: parsePath(path), value: parseYaml(value, `--set ${path}`) });

describe('--set', () => {
  it('sets fields that are there and fields that are not', () => {
    expect(parse(set('seed', '7')).seed).toBe(7);
    expect(parse(set('training.stopAfterEpochs', '2')).training).toMatchObject({
      epochs: 3,
      stopAfterEpochs: 2,
    });
    expect(parse(set('training.stopAfterEpochs', 'null')).training.stopAfterEpochs).toBeNull();
    expect(parse(set('guard.enabled', 'false')).guard).toMatchObject({ enabled: false, retries: 5 });
  });

  it('sets a hyperparameter of a part that the spec leaves at its default', () => {
    expect(parse(set('local.optimizer.learningRate', '1e-4')).local.optimizer).toMatchObject({
      name: 'rmsprop',
      learningRate: 1e-4,
      momentum: 0.999,
    });
  });

  it('sets a hyperparameter of a part given by its name alone', () => {
    const named = set('network.layers.0.transfer', 'leaky_relu');
    const path = parsePath('network.layers.0.transfer.slope');
    expect(parse(applyOverride(named, { path, value: 0.3 })).network.layers[0]?.transfer).toEqual({
      name: 'leaky_relu',
      slope: 0.3,
    });
  });

  it.each(['network.layers.1.units', 'network.layers[1].units'])('reaches into lists: %s', (path) => {
    const { network } = parse(set(path, '300'));
    expect(network.layers.map(({ units }) => units)).toEqual([6, 300]);
  });

  it("sets a layer's own local problem", () => {
    const { network } = parse(set('network.layers.0.local.optimizer.momentum', '0.5'));
    expect(network.layers[0]?.local?.optimizer).toMatchObject({ name: 'rmsprop', momentum: 0.5 });
  });

  it('takes lists and maps', () => {
    const spec = parse(set('data.train', '{dataset: curves, examples: 64, split: train}'));
    expect(spec.data.train).toEqual({ dataset: 'curves', examples: 64, split: 'train' });
  });

  it('leaves what it is given as it was', () => {
    const before = minimalSpec();
    applyOverride(before, { path: ['network', 'layers', '0', 'units'], value: 9 });
    expect(before).toEqual(minimalSpec());
  });

  it('is refused as the field would be in the spec', () => {
    expect(problems(set('training.epoch', '3'))).toEqual([
      'training.epoch is no field; allowed: algorithm, batchSize, epochs, stopAfterEpochs, schedule, correction (did you mean "epochs"?)',
    ]);
    expect(problems(set('local.optimizer.momentun', '0.9'))).toEqual([
      'local.optimizer.momentun is no field; allowed: name, learningRate, momentum, decay, epsilon (did you mean "momentum"?)',
    ]);
    expect(problems(set('seed.start', '3'))).toEqual([
      'seed is {"start":3}; allowed: a whole number, at least 0',
    ]);
    expect(problems(set('__proto__.polluted', 'true'))).toHaveLength(1);
    expect('polluted' in {}).toBe(false);
  });

  it.each([
    ['network.layers.2.units', 'network.layers has the entries 0 to 1, so there is no "2"'],
    ['network.layers.-1.units', 'network.layers has the entries 0 to 1, so there is no "-1"'],
    ['network.layers.last', 'network.layers has the entries 0 to 1, so there is no "last"'],
    [
      'network.layers.99999999999999999999',
      'network.layers has the entries 0 to 1, so there is no "99999999999999999999"',
    ],
  ])('is refused outside a list: %s', (path, reason) => {
    const { code, message, exitCode } = refusal(() => set(path, '3'));
    expect(code).toBe('SPEC_OVERRIDE_INVALID');
    expect(message).toBe(`Cannot set ${path}: ${reason}.`);
    expect(exitCode).toBe(2);
  });

  it('is refused in an empty list', () => {
    const { message } = refusal(() =>
      applyOverride({ plugins: [] }, { path: ['plugins', '0'], value: 'a.ts' }),
    );
    expect(message).toBe('Cannot set plugins.0: plugins is empty, so there is no "0".');
  });

  it('tells where a value is no YAML', () => {
    expect(refusal(() => set('data.train', '{dataset: curves')).message).toMatch(
      /^--set data\.train:1:\d+: /,
    );
  });
});
