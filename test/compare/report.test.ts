import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { describe, expect, it } from 'vitest';
import {
  bestTrial,
  type ComparedRun,
  type CompareResult,
  type ContenderResult,
} from '#core/compare/result.js';
import type { EpochMetrics } from '#core/events.js';
import { loadDataset } from '#services/datasets/load.js';
import { compareChartSvg } from '#services/report/compare-chart.js';
import { compareCsv } from '#services/report/compare-csv.js';
import { compareMarkdown } from '#services/report/compare-markdown.js';
import { compareRows } from '#services/report/compare-rows.js';
import { spreadLabels } from '#services/report/spread-labels.js';

const at = (epoch: number, trainLoss: number, trainSeconds: number): EpochMetrics => ({
  epoch,
  step: 10 * epoch,
  trainLoss,
  testLoss: trainLoss + 1,
  trainError: 0.25,
  testError: null,
  trainAccuracy: null,
  testAccuracy: null,
  trainSeconds,
  examplesPerSecond: 1,
  layers: [],
});

const run = (metrics: readonly EpochMetrics[], fields: Partial<ComparedRun> = {}): ComparedRun => ({
  directory: 'runs/x',
  outcome: 'completed',
  reason: null,
  metrics,
  engine: { name: 'onnx', description: 'ONNX Runtime on the CPU', threads: 2 },
  ...fields,
});

const contender = (name: string, algorithm: string, made: ComparedRun | null): ContenderResult => ({
  name,
  algorithm,
  trials: [],
  setting: made ? { 'local.optimizer.learningRate': 0.01 } : null,
  run: made,
});

/** Two that ended, one that diverged after an epoch, one that never worked. */
const result: CompareResult = {
  name: 'mine',
  title: 'Mine & others',
  seed: 3,
  losses: [60, 5],
  relativeTo: 'BackProp, "sgd"',
  contenders: [
    contender('LocoProp-M', 'locoprop', run([at(1, 100, 40), at(2, 50, 80), at(3, 4, 120)])),
    contender('BackProp, "sgd"', 'backprop', run([at(1, 200, 5), at(2, 60, 10), at(3, 55, 15)])),
    contender(
      'BackProp, adam',
      'backprop',
      run([at(1, 300, 6)], { outcome: 'diverged', reason: 'Too large.' }),
    ),
    contender('K-FAC', 'kfac', null),
  ],
};

describe('the choice of a trial', () => {
  it('takes the lowest loss at the end; what failed or is no number counts as worst', () => {
    const good = run([at(1, 3, 1), at(2, 7, 2)]);
    const better = run([at(1, 9, 1), at(2, 6, 2)]);
    const diverged = run([at(1, 1, 1)], { outcome: 'diverged' });
    const notANumber = run([at(2, NaN, 1)]);
    expect(bestTrial([diverged, good, notANumber, better, { ...better }])).toBe(better);
    expect(bestTrial([diverged, notANumber, run([])])).toBe(null);
  });
});

describe('the table', () => {
  it('has losses, the first epochs that reach them, and steps in units of the reference', () => {
    const { head, rows } = compareRows(result);
    expect(head.slice(5)).toEqual([
      's a step',
      '÷ BackProp, "sgd"',
      'epochs to 60',
      's to 60',
      'epochs to 5',
      's to 5',
    ]);
    expect(rows).toEqual([
      ['LocoProp-M', 'learningRate 0.01', '4', '5', '3', '4', '8', '2', '80', '3', '120'],
      ['BackProp, "sgd"', 'learningRate 0.01', '55', '56', '3', '0.5', '1', '2', '10', '–', '–'],
      [
        'BackProp, adam',
        'learningRate 0.01',
        'diverged, last 300',
        '301',
        '1',
        '0.6',
        '1.2',
        '–',
        '–',
        '–',
        '–',
      ],
      ['K-FAC', '–', 'no setting worked', '–', '0', '–', '–', '–', '–', '–', '–'],
    ]);
  });

  it('stands in a report with what it takes to repeat it', () => {
    const text = compareMarkdown(result, {
      command: 'locoprop compare mine.yaml',
      program: 'locoprop 1.2.3',
      processor: 'A | B',
      processors: 2,
      platform: 'linux x64',
      node: '20.19.0',
      specs: [{ file: 'mine.yaml', text: 'base: job.yaml\n# ```\n' }],
    });
    for (const part of [
      '    locoprop compare mine.yaml\n',
      '| program | locoprop 1.2.3 |',
      '| engine | onnx (ONNX Runtime on the CPU), 2 threads |',
      '| processor | A \\| B, 2 to use |',
      '| seed | 3 |',
      '- BackProp, adam diverged: Too large.',
      '````yaml\nbase: job.yaml\n# ```\n````',
    ]) {
      expect(text).toContain(part);
    }
  });
});

describe('the CSV', () => {
  it('is what the reader of data sets reads back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'locoprop-csv-'));
    try {
      await writeFile(join(folder, 'compare.csv'), compareCsv(result));
      const columns = ['epoch', 'step', 'trainSeconds', 'trainLoss', 'testLoss', 'trainError'];
      const { inputs, examples } = await loadDataset(
        { file: 'compare.csv', inputs: columns },
        { directory: folder, environment: {}, split: 'train', targets: 'inputs', seed: 0 },
      );
      expect(examples).toBe(7);
      const all = result.contenders.flatMap((one) => one.run?.metrics ?? []);
      expect(Array.from(inputs)).toEqual(
        all.flatMap((one) => [one.epoch, one.step, one.trainSeconds, one.trainLoss, one.trainLoss + 1, 0.25]),
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('quotes names as RFC 4180 has it, and leaves cells without a number empty', () => {
    const [head, , , , sgd] = compareCsv(result).split('\n');
    expect(head).toBe(
      'contender,epoch,step,trainSeconds,trainLoss,testLoss,trainError,testError,trainAccuracy,testAccuracy',
    );
    expect(sgd).toBe('"BackProp, ""sgd""",1,10,5,200,201,0.25,,,');
  });
});

/** Reads a picture with a parser that accepts nothing but well-formed XML. */
function parsed(svg: string): { elements: SaxesTagPlain[]; texts: string[] } {
  const elements: SaxesTagPlain[] = [];
  const texts: string[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => elements.push(tag));
  parser.on('text', (text) => texts.push(text));
  parser.write(svg).close();
  return { elements, texts };
}

describe('the figure', () => {
  it('has two panels with a curve of each contender, named once', () => {
    const { elements, texts } = parsed(compareChartSvg(result));
    const curves = elements.filter(({ attributes }) =>
      /^series colour-\d dashes-\d$/.test(attributes.class ?? ''),
    );
    const paths = curves.filter(({ name }) => name === 'path');
    expect(paths).toHaveLength(6);
    expect(new Set(paths.map(({ attributes }) => attributes.class)).size).toBe(3);
    expect(texts).toEqual(
      expect.arrayContaining(['Mine & others', 'epoch', 'seconds of training (log scale)', 'LocoProp-M  4']),
    );
    expect(texts.filter((text) => text === 'training loss (log scale)')).toHaveLength(2);
    expect(texts).toContain('not drawn to the end: BackProp, adam, K-FAC');
    // Places of the first curve by epoch: 100, 50 and 4 by their logarithms.
    const [[, y1], [, y2], [, y3]] = paths[0]!.attributes
      .d!.slice(1)
      .split('L')
      .map((pair) => pair.split(',').map(Number)) as [[number, number], [number, number], [number, number]];
    expect((y3 - y1) / (y2 - y1)).toBeCloseTo(Math.log(25) / Math.log(2), 2);
  });

  it('is well-formed and within its frame for any losses, names and number of contenders', () => {
    const loss = fc.oneof(fc.double(), fc.double({ min: 1e-3, max: 1e3 }));
    const one = fc.tuple(fc.string({ unit: 'binary', maxLength: 24 }), fc.array(loss, { maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 24 }), (all) => {
        const contenders = all.map(([name, losses]) =>
          contender(name, 'backprop', run(losses.map((value, i) => at(i + 1, value, i + 1)))),
        );
        const svg = compareChartSvg({ ...result, contenders });
        const { elements } = parsed(svg);
        const [root] = elements;
        const places = (...names: string[]): number[] =>
          elements
            .filter(({ name }) => ['circle', 'line', 'text'].includes(name))
            .flatMap(({ attributes }) => names.flatMap((name) => attributes[name] ?? []))
            .map(Number);
        expect(svg.replaceAll(/<(title|text)[^]*?<\/\1>/g, '')).not.toMatch(/NaN|Infinity|undefined/);
        expect(
          places('cx', 'x1', 'x2', 'x').every((x) => x >= 0 && x <= Number(root!.attributes.width)),
        ).toBe(true);
        expect(
          places('cy', 'y1', 'y2', 'y').every((y) => y >= 0 && y <= Number(root!.attributes.height)),
        ).toBe(true);
      }),
      // Losses that differ by rounding alone, that lie within a tenth of each other, and too small to draw.
      {
        numRuns: 20,
        examples: [
          [
            [
              ['', [0.001]],
              ['', [0.0010000000000000009]],
            ],
          ],
          [[['', [64, 63]]]],
          [[['', [5e-323, 4.4e-323]]]],
        ],
      },
    );
  });
});

describe('the places of labels', () => {
  it('keep their distance, their order and the bounds, and stay where there is room', () => {
    const wanted = fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(wanted, (values) => {
        const places = spreadLabels(values, { distance: 20, low: 0, high: 400 });
        const order = values.map((_, i) => i).toSorted((a, b) => places[a]! - places[b]!);
        for (const [i, index] of order.entries()) {
          expect(places[index]).toBeGreaterThanOrEqual(-1e-6);
          expect(places[index]).toBeLessThanOrEqual(400 + 1e-6);
          if (i === 0) continue;
          expect(places[index]! - places[order[i - 1]!]!).toBeGreaterThanOrEqual(20 - 1e-6);
          expect(values[index]).toBeGreaterThanOrEqual(values[order[i - 1]!]!);
        }
      }),
    );
    expect(spreadLabels([300, 10, 100], { distance: 20, low: 0, high: 400 })).toEqual([300, 10, 100]);
    expect(spreadLabels([100, 100], { distance: 20, low: 0, high: 400 })).toEqual([90, 110]);
  });
});
