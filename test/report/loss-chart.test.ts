import type { EpochMetrics } from '#core/events.js';
import { lossChartSvg } from '#services/report/loss-chart.js';
import fc from 'fast-check';
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { describe, expect, it } from 'vitest';

const at = (epoch: number, trainLoss: number, testLoss: number | null): EpochMetrics => ({
  epoch,
  step: epoch,
  trainLoss,
  testLoss,
  trainError: 0.1,
  testError: null,
  trainAccuracy: null,
  testAccuracy: null,
  trainSeconds: 1,
  examplesPerSecond: 1,
  layers: [],
});

interface Picture {
  readonly elements: readonly SaxesTagPlain[];
  /** Every text, with the element it stands in. */
  readonly texts: readonly { readonly element: string; readonly text: string }[];
}

/** Reads a picture with a parser that accepts nothing but well-formed XML. */
function parsed(svg: string): Picture {
  const elements: SaxesTagPlain[] = [];
  const texts: { element: string; text: string }[] = [];
  const open: string[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => {
    elements.push(tag);
    open.push(tag.name);
  });
  parser.on('closetag', () => open.pop());
  parser.on('text', (text) => texts.push({ element: open.at(-1) ?? '', text }));
  parser.write(svg).close();
  return { elements, texts };
}

const classesOf = ({ elements }: Picture, name: string): string[] =>
  elements.filter((one) => one.name === name).map((one) => one.attributes.class ?? '');

/** Places of a curve's points, in pixels. */
const placesOf = ({ elements }: Picture, series: string): [number, number][] =>
  (
    elements.find((one) => one.attributes.class === `series ${series}` && one.name === 'path')?.attributes
      .d ?? ''
  )
    .slice(1)
    .replace('Z', '')
    .split('L')
    .map((pair) => pair.split(',').map(Number) as [number, number]);

const axisTexts = ({ texts }: Picture): string[] =>
  texts.filter(({ element }) => element === 'text').map(({ text }) => text);

describe('the loss chart', () => {
  it('draws both losses, named, with their last values', () => {
    const picture = parsed(lossChartSvg([at(1, 4, 5), at(2, 3, 3.5), at(3, 2, 3)], 'my job'));
    expect(classesOf(picture, 'path')).toEqual(['series train', 'series test']);
    expect(classesOf(picture, 'circle')).toHaveLength(6);
    const texts = axisTexts(picture);
    expect(texts).toEqual(
      expect.arrayContaining(['my job', 'train loss, last 2', 'test loss, last 3', 'epoch', 'loss']),
    );
    expect(texts).toEqual(expect.arrayContaining(['1', '2', '3', '4', '5']));
  });

  it('places losses in proportion on a linear axis', () => {
    const places = placesOf(
      parsed(lossChartSvg([at(1, 4, null), at(2, 3, null), at(5, 1, null)], '')),
      'train',
    );
    const [[x1, y1], [x2, y2], [x3, y3]] = places as [[number, number], [number, number], [number, number]];
    expect((x3 - x1) / (x2 - x1)).toBeCloseTo(4, 2);
    expect((y3 - y1) / (y2 - y1)).toBeCloseTo(3, 2);
    expect(y3).toBeGreaterThan(y1);
  });

  it('places losses by their logarithms where they span more than a decade', () => {
    const picture = parsed(lossChartSvg([at(1, 100, null), at(2, 10, null), at(3, 0.1, null)], ''));
    const [[, y1], [, y2], [, y3]] = placesOf(picture, 'train') as [
      [number, number],
      [number, number],
      [number, number],
    ];
    expect((y3 - y1) / (y2 - y1)).toBeCloseTo(3, 2);
    expect(axisTexts(picture)).toEqual(expect.arrayContaining(['loss (log scale)', '100', '10', '1', '0.1']));
  });

  it.each<[string, EpochMetrics[], number]>([
    ['no epoch', [], 0],
    ['one epoch', [at(1, 0.3, null)], 1],
    ['equal losses', [at(0, 5, 5), at(1, 5, 5)], 4],
    ['zero losses', [at(1, 0, 0), at(2, 0, 0)], 4],
    ['negative losses', [at(1, -100, 1), at(2, -5, 1)], 4],
    ['a loss that is no number', [at(1, NaN, 2), at(2, 3, Infinity), at(3, 2, 2)], 4],
    ['losses next to nothing', [at(1, 0, -5e-323)], 2],
    ['losses next to each other', [at(1, 1, 1 + Number.EPSILON), at(2, 1, 1)], 4],
    ['losses of every size', [at(1, 1e-300, 1e300), at(2, 5e-324, 1)], 4],
    ['many epochs', Array.from({ length: 1000 }, (_, i) => at(i, 1 + 1 / (i + 1), 2)), 0],
  ])('can be drawn of %s', (_, metrics, dots) => {
    const svg = lossChartSvg(metrics, 'job');
    expect(classesOf(parsed(svg), 'circle')).toHaveLength(dots);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('is well-formed and within its frame for any losses and any title', () => {
    const loss = fc.oneof(fc.double(), fc.double({ min: 1e-3, max: 1e3 }));
    const losses = fc.array(fc.tuple(loss, fc.option(loss)), { maxLength: 8 });
    fc.assert(
      fc.property(losses, fc.string({ unit: 'binary' }), (values, title) => {
        const svg = lossChartSvg(
          values.map(([train, test], i) => at(i + 1, train, test)),
          title,
        );
        const drawn = parsed(svg).elements.filter(({ name }) => name === 'circle' || name === 'line');
        const places = (...names: string[]): number[] =>
          drawn.flatMap(({ attributes }) => names.flatMap((name) => attributes[name] ?? [])).map(Number);
        return (
          places('cx', 'x1', 'x2').every((x) => x >= 0 && x <= 800) &&
          places('cy', 'y1', 'y2').every((y) => y >= 0 && y <= 450)
        );
      }),
    );
  });
});
