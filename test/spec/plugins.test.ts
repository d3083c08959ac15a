import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocopropError } from '#core/errors/error.js';
import { input } from '#core/expression/expression.js';
import { checkPart } from '#core/parts/check.js';
import { readJob } from '#services/configuration/job-file.js';
import { loadPlugins } from '#services/configuration/plugins.js';
import { minimalSpec, specWith } from './support.js';

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'locoprop-plugins-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, content: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

async function refusal(promise: Promise<unknown>): Promise<LocopropError> {
  const error: unknown = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(LocopropError);
  return error as LocopropError;
}

describe('plugin files', () => {
  it('export one part or several, in TypeScript or JavaScript', async () => {
    await write('one.ts', 'const kind: string = "target";\nexport default { kind };\n');
    await write('several.mjs', 'export default [{ a: 1 }, { a: 2 }];\n');
    await write('common.cjs', 'module.exports = { a: 3 };\n');
    expect(await loadPlugins(['one.ts', 'several.mjs', './common.cjs'], folder)).toEqual([
      { kind: 'target' },
      { a: 1 },
      { a: 2 },
      { a: 3 },
    ]);
    expect(await loadPlugins([], folder)).toEqual([]);
  });

  it('import this very package, wherever they lie', async () => {
    await write('instance.ts', "import { LocopropError } from 'locoprop';\nexport default LocopropError;\n");
    expect(await loadPlugins(['instance.ts'], folder)).toEqual([LocopropError]);
  });

  it('may have files of their own, and are read anew each time', async () => {
    await write('value.ts', 'export const value: number = 1;\n');
    await write('main.ts', "import { value } from './value';\nexport default { value };\n");
    expect(await loadPlugins(['main.ts'], folder)).toEqual([{ value: 1 }]);
    await write('value.ts', 'export const value: number = 2;\n');
    expect(await loadPlugins(['main.ts'], folder)).toEqual([{ value: 2 }]);
  });

  it.each([
    ['missing.ts', null, 'it does not exist.'],
    ['syntax.ts', 'const a = 1;\nexport default {\n  kind: "x",,\n};\n', 'line 3: Unexpected token'],
    [
      'throws.ts',
      '\nfunction f(): void {\n  throw new Error("no luck");\n}\nf();\nexport default {};\n',
      'line 3: no luck',
    ],
    ['throws-number.ts', 'throw 3;\nexport default {};\n', 'it threw 3.'],
    [
      'imports.ts',
      "import x from './nowhere';\nexport default x;\n",
      "line 1: Cannot find module './nowhere'",
    ],
    ['named.ts', 'export const part = {};\n', 'it has no default export.'],
  ])('are refused with file and reason: %s', async (name, content, reason) => {
    const file = join(folder, name);
    if (content !== null) await write(name, content);
    const { code, details, message } = await refusal(loadPlugins([name], folder));
    expect(code).toBe('PLUGIN_FAILED');
    expect(message.startsWith(`The plugin ${file} cannot be loaded: `)).toBe(true);
    expect(details['reason']).toBe(reason);
  });
});

describe('a spec with plugins', () => {
  const writeSpec = (name: string, spec: unknown): Promise<string> => write(name, JSON.stringify(spec));
  const plugin = join(fixtures, 'half-step.ts');

  it('may name their parts, which are checked as the built-in ones', async () => {
    const named = specWith({ plugins: [plugin], local: { target: 'half_step' } });
    const { spec, parts } = await readJob(await writeSpec('named.json', named));
    expect(spec.local.target).toEqual({ name: 'half_step', rate: 10 });
    expect(parts.names('target')).toEqual(['gradient_step', 'half_step']);

    const wrong = specWith({
      plugins: [plugin],
      local: { target: { name: 'half_step', rate: 0 } },
      network: { ...minimalSpec().network, loss: 'tanh_los' },
    });
    const { message } = await refusal(readJob(await writeSpec('wrong.json', wrong)));
    expect(message.split('\n').slice(1)).toEqual([
      '  network.loss is "tanh_los"; allowed: sigmoid_cross_entropy, softmax_cross_entropy, squared_error, tanh_loss (did you mean "tanh_loss"?)',
      '  local.target.rate is 0; allowed: a finite number, above 0 and at most 1000',
    ]);
  });

  it('has its losses on the last layers that they need', async () => {
    const spec = specWith({ plugins: [plugin], network: { ...minimalSpec().network, loss: 'tanh_loss' } });
    const { message } = await refusal(readJob(await writeSpec('last.json', spec)));
    expect(message).toMatch(
      'network.layers.1.transfer is "sigmoid"; allowed: tanh, which the loss tanh_loss needs',
    );
  });

  it('is refused when a plugin exports something else, or two the same part', async () => {
    const other = await write('other.ts', 'export default { kind: "target", name: "x" };\n');
    const notPart = await refusal(readJob(await writeSpec('other.json', specWith({ plugins: [other] }))));
    expect(notPart.code).toBe('PLUGIN_FAILED');
    expect(notPart.details['file']).toBe(other);

    const again = await write('again.ts', `export { default } from ${JSON.stringify(plugin)};\n`);
    const twice = specWith({ plugins: [plugin, again] });
    const { details } = await refusal(readJob(await writeSpec('twice.json', twice)));
    expect(details).toMatchObject({
      file: again,
      reason: `it defines the target half_step, and so does ${plugin}.`,
    });
  });

  it.each([
    ["throw new Error('oops');", 'it throws: line 2: oops'],
    ['throw 3;', 'it throws: it threw 3.'],
    ['return undefined;', 'it gives undefined where an expression is needed.'],
    ['return 3;', 'it gives 3 where an expression is needed.'],
    ['return { op: "plus", args: [] };', 'it gives an object that is no expression.'],
    ['return multiply(gradient);', 'it has undefined where "multiply" needs an expression.'],
    ['return multiply(h.rat * 2, gradient);', 'it has the constant NaN.'],
  ])('tells of the rule that goes wrong: %s', async (body, reason) => {
    const rule = `displacement({ gradient }, h) {\n${body} }`;
    const source = `import { multiply } from 'locoprop'; export default { kind: 'target', name: 'own', ${rule} };\n`;
    const file = await write(`rule-${body.length}.mjs`, source);
    const spec = specWith({ plugins: [file], local: { target: 'own' } });
    const { parts } = await readJob(await writeSpec('rule.json', spec));
    const { part, h } = parts.choose('target', { name: 'own' });
    const context = { gradient: input('gradient') } as Parameters<typeof part.displacement>[0];
    const { code, details } = await refusal(Promise.resolve().then(() => part.displacement(context, h)));
    expect(code).toBe('PLUGIN_RULE_FAILED');
    expect(details).toMatchObject({ file, kind: 'target', part: 'own', rule: 'displacement', reason });
  });

  it('may leave out what its kind may leave out, and give slots as numbers', async () => {
    const source = `
      const update = ({ parameter, slots }) => ({ parameter, slots });
      export default [
        { kind: 'regularizer', name: 'nothing', weights: () => undefined, bias: () => undefined },
        { kind: 'optimizer', name: 'still', slots: () => ({ mean: 0 }), update,
          parameters: { learningRate: { description: 'none' } } },
      ];`;
    const file = await write('sound.mjs', source);
    const { parts } = await readJob(await writeSpec('sound.json', specWith({ plugins: [file] })));
    const x = input('x');
    const regularizer = parts.choose('regularizer', { name: 'nothing' });
    expect(regularizer.part.weights({ parameter: x, initial: x }, {})).toBeUndefined();
    const optimizer = parts.choose('optimizer', { name: 'still', learningRate: 1 });
    expect(optimizer.part.slots({})).toEqual({ mean: 0 });
    const context = { parameter: x, gradient: x, slots: { mean: x }, rate: x, count: x };
    expect(optimizer.part.update(context, {})).toEqual({ parameter: x, slots: { mean: x } });
  });

  it('is refused when its optimizer has no learning rate for the schedules to change', () => {
    const update = (): unknown => ({});
    const optimizer = { kind: 'optimizer', name: 'still', parameters: {}, slots: update, update };
    expect(() => checkPart(optimizer)).toThrow('must have a learningRate');
  });

  it('is refused as any other when `plugins` is no list of files', async () => {
    const { code, message } = await refusal(
      readJob(await writeSpec('list.json', specWith({ plugins: [3] }))),
    );
    expect(code).toBe('SPEC_INVALID');
    expect(message).toMatch('plugins.0 is 3; allowed: a text of 1 to 4096 characters');
  });
});
