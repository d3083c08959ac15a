import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocopropError } from '#core/errors/error.js';
import { parseYaml, writeYaml } from '#services/configuration/yaml-text.js';
import { problems, refusal } from './support.js';

const MIB = 2 ** 20;

describe('YAML and JSON', () => {
  it('are read', () => {
    expect(parseYaml('a: 1e-5\nb: [x, null, true, 0x10]\n', 'f')).toEqual({
      a: 1e-5,
      b: ['x', null, true, 16],
    });
    expect(parseYaml('{\n\t"a": "\\u00e9\\/",\n\t"b": [1, 2]\n}\n', 'f')).toEqual({ a: 'é/', b: [1, 2] });
    expect(parseYaml('', 'f')).toBeNull();
  });

  it('may name values with anchors and aliases', () => {
    expect(parseYaml('- &h { units: 3, transfer: tanh }\n- *h\n', 'f')).toEqual([
      { units: 3, transfer: 'tanh' },
      { units: 3, transfer: 'tanh' },
    ]);
  });

  it.each([
    ['a key twice', 'a: 1\nb: 2\na: 3\n', 'f:3:1: Map keys must be unique'],
    ['a key twice in JSON', '{ "a": 1, "a": 2 }', 'f:1:11: Map keys must be unique'],
    ['a tab as indentation', 'a:\n\tb: 1\n', 'f:2:1: Tabs are not allowed as indentation'],
    ['a wrong indentation', 'a:\n  b: 1\n c: 2\n', 'f:3:1: All mapping items must start at the same column'],
    ['an open quote', 'a: "x\nb: 1', 'f:2:5: Missing closing "quote'],
    ['a second document', 'a: 1\n---\nb: 2\n', 'f:2:1: a second document begins here'],
    ['an unknown tag', 'a: !!js/function x\n', 'f:1:4: Unresolved tag: tag:yaml.org,2002:js/function'],
    ['an alias without anchor', 'a: 1\nb: [*c]\n', 'f:2:5: there is no anchor &c before this alias'],
    ['an alias before its anchor', 'a: *b\nb: &b 1\n', 'f:1:4: there is no anchor &b before this alias'],
    ['a key that is a list', '? [a]\n: 1\n', 'f:1:3: With stringKeys, all keys must be strings'],
  ])('are refused with their place: %s', (_, text, expected) => {
    const { code, message, exitCode } = refusal(() => parseYaml(text, 'f'));
    expect(code).toBe('SPEC_SYNTAX');
    expect(message).toBe(expected);
    expect(exitCode).toBe(2);
  });

  it('are refused where composing them would exhaust the process', () => {
    const reasons = (text: string): string => refusal(() => parseYaml(text, 'f')).message;
    expect(reasons('['.repeat(MIB))).toBe('f:1:65: this is nested too deeply');
    expect(reasons('- '.repeat(MIB / 2))).toMatch(/nested too deeply$/);
    expect(reasons('? '.repeat(MIB / 2))).toMatch(/nested too deeply$/);
    expect(reasons('{a: '.repeat(MIB / 4))).toMatch(/nested too deeply$/);
    expect(reasons('"'.repeat(MIB))).toMatch(/there is too much of it for a spec$/);
    expect(reasons('&a '.repeat(MIB / 3))).toMatch(/there is too much of it for a spec$/);
    expect(reasons(Array.from({ length: 2000 }, (_, n) => `k${n}: 1\n`).join(''))).toMatch(
      /this map has more than 1000 keys$/,
    );
    expect(reasons(`- &a 1\n${'- *a\n'.repeat(2000)}`)).toMatch(/there are more than 1000 aliases$/);
  });

  it('may name values many times over, but not as a spec', () => {
    const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
    const bomb = letters.map((letter, n) => {
      const inner = n === 0 ? 'x' : `*${letters[n - 1]}`;
      return `${letter}: &${letter} [${Array(9).fill(inner).join(', ')}]\n`;
    });
    expect(problems(parseYaml(bomb.join(''), 'f'))).toEqual([
      'it has more than 100000 values, with aliases written out',
    ]);
    expect(problems(parseYaml('a: &a [*a]', 'f'))).toEqual(['it is more than 32 levels deep']);
    expect(problems(parseYaml('training: &t { <<: *t }', 'f'))).toContain('it is more than 32 levels deep');
  });

  it('end in a value or an error of the catalogue, whatever the text', () => {
    const token = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ':',
        ': ',
        '- ',
        '? ',
        ',',
        '\n',
        '  ',
        '\t',
        '"',
        "'",
        '|',
        '>',
        '#',
        '---',
        '%',
      ],
      ...[
        '&a ',
        '*a',
        '!',
        '!!str ',
        '<<',
        'a',
        '1',
        '\0',
        '\u{1f600}',
        '\r',
        '\ufeff',
        '...',
        '\\',
        '@',
        '`',
      ],
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        try {
          parseYaml(tokens.join(''), 'f');
        } catch (error) {
          expect(error).toBeInstanceOf(LocopropError);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are written so that they read the same', () => {
    const scalar = fc.oneof(
      fc.constantFrom(
        null,
        true,
        'null',
        'true',
        '1e3',
        '~',
        '',
        ' a',
        'a: b',
        '# c',
        '- d',
        'é\n',
        '<<',
        '*a',
      ),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
      fc.string(),
    );
    const { document } = fc.letrec((tie) => ({
      document: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(tie('document'), { maxLength: 4 }),
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          tie('document'),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    }));
    fc.assert(
      fc.property(document, (value) => {
        expect(parseYaml(writeYaml(value), 'f')).toEqual(value);
      }),
      { numRuns: 100 },
    );
  });
});
