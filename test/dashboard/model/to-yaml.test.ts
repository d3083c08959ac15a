import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toYaml } from '../../../dashboard/src/data/to-yaml.ts';

describe('a spec as YAML', () => {
  it('is read back as it was, whatever is in it', () => {
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, false, 0, -1.5, 1e-7, 1e21),
        fc.string({ unit: 'binary' }),
        fc.constantFrom('null', 'yes', '0x1f', '1e3', '', '- a', 'a: b', '#', "it's", 'a\nb', '~', '.inf'),
        fc.array(tie('json'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('json'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json, { minKeys: 1, noNullPrototype: true }), (value) => {
        expect(parse(toYaml(value), { maxAliasCount: 0 })).toEqual(value);
      }),
    );
  });

  it('has short parts in one line and its own fields as blocks', () => {
    const spec = {
      name: 'tiny',
      network: { layers: [{ units: 6, transfer: { name: 'tanh' } }], loss: 'squared' },
      training: { batchSize: 20, epochs: 4 },
    };
    expect(toYaml(spec)).toBe(
      [
        'name: tiny',
        'network:',
        '  layers: [{ units: 6, transfer: { name: tanh } }]',
        '  loss: squared',
        'training: { batchSize: 20, epochs: 4 }',
        '',
      ].join('\n'),
    );
  });
});
