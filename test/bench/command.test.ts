import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BenchReport } from '#bench/run.js';
import type { Spread } from '#bench/measure.js';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../dist/bench/main.js', import.meta.url));
const bench = (...args: string[]) => promisify(execFile)(process.execPath, [main, ...args]);

const tiny = [
  '--network',
  '12-8-3-8-12',
  '--batch',
  '20',
  '--iterations',
  '3',
  '--rounds',
  '1',
  '--threads',
  '1',
];

const isRatio = ({ median, min, max }: Spread): boolean => min > 0 && min <= median && median <= max;

interface Figures {
  readonly layers: readonly { readonly inputs: number; readonly units: number; readonly gflops: number }[];
  readonly network: { readonly productsOverSolve: Spread };
  readonly stepOverProducts: Spread;
  readonly shares: Readonly<Record<string, number>>;
  readonly peakMemoryBytes: number;
  readonly batches: readonly { readonly batch: number; readonly directOverGram: Spread }[];
}

interface Size {
  readonly name: string;
  readonly batch: number;
  readonly measured: {
    readonly gflops: number;
    readonly productsOverSolve: Spread;
    readonly transfersShare: number;
  } | null;
}

it('measures every section and prints one JSON document', async () => {
  const { stdout, stderr } = await bench(...tiny, '--json');
  expect(stderr).toBe('');
  const { options, measurements } = JSON.parse(stdout) as BenchReport;
  expect(options).toEqual({ widths: [12, 8, 3, 8, 12], batch: 20, iterations: 3, rounds: 1, large: 8192 });
  expect(measurements.map(({ section, engine }) => [section, engine.threads])).toEqual([
    ['step', 1],
    ['solve', 1],
    ['gram', 1],
  ]);
  const [step, solve, gram] = measurements.map(({ figures }) => figures as Figures) as [
    Figures,
    Figures,
    Figures,
  ];
  expect(isRatio(step.stepOverProducts)).toBe(true);
  expect(Object.values(step.shares).reduce((total, share) => total + share, 0)).toBeCloseTo(1);
  expect(step.peakMemoryBytes).toBeGreaterThan(2 ** 20);
  expect(solve.layers.map(({ inputs, units }) => [inputs, units])).toEqual([
    [12, 8],
    [8, 3],
    [3, 8],
    [8, 12],
  ]);
  expect(isRatio(solve.network.productsOverSolve)).toBe(true);
  expect(gram.batches.map(({ batch }) => batch)).toEqual([20, 100]);
  expect(gram.batches.every(({ directOverGram }) => isRatio(directOverGram))).toBe(true);
});

it('measures wider layers, larger batches and what travels, where asked for', async () => {
  const { stdout } = await bench('sizes', ...tiny, '--large', '16', '--json');
  const { measurements } = JSON.parse(stdout) as BenchReport;
  const { sizes } = measurements[0]!.figures as { sizes: readonly Size[] };
  const names = ['12-8-3-8-12', '96-64-24-64-96', '16×16'];
  expect(sizes.map(({ name, batch }) => `${name} ${batch}`)).toEqual(
    names.flatMap((name) => [250, 1000, 4000, 8000].map((batch) => `${name} ${batch}`)),
  );
  for (const { measured } of sizes) {
    expect(measured!.gflops).toBeGreaterThan(0);
    expect(isRatio(measured!.productsOverSolve)).toBe(true);
    expect(measured!.transfersShare).toBeLessThan(1);
  }
});

it('measures an engine that has one thread once, whatever was asked for', async () => {
  const { stdout } = await bench('solve', ...tiny, '--engine', 'reference', '--threads', '1,2', '--json');
  const { measurements } = JSON.parse(stdout) as BenchReport;
  expect(measurements.map(({ engine }) => engine.threads)).toEqual([1]);
});

it('prints a table for people', async () => {
  const { stdout } = await bench('solve', ...tiny);
  expect(stdout).toMatch(/^12×8 +\d+ +\d+\.\d\d \(/m);
  expect(stdout).not.toContain('step:');
});

it.each([
  [['stp'], 'There is no section "stp"; there are step, solve, gram, sizes.'],
  [['--network', '12-8'], 'An autoencoder is given by its widths'],
  [['--threads', '0'], 'It must be a positive whole number.'],
])('refuses %j', async (args, message) => {
  await expect(bench(...args)).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining(message) as string,
  });
});
