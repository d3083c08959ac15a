import { join } from 'node:path';
import type { RunSummary, Scores } from '../coordinator/finish/summary.js';
import { counted, duration, grouped, percent, significant, table } from './format.js';

type ScoreName = keyof Scores;

const LABELS: Readonly<Record<ScoreName, string>> = {
  trainLoss: 'train loss',
  testLoss: 'test loss',
  trainError: 'train error (mean squared)',
  testError: 'test error (mean squared)',
  trainAccuracy: 'train accuracy',
  testAccuracy: 'test accuracy',
};

/** What a person reads at the end of a run. */
export function summaryText(summary: RunSummary): string {
  const { outcome, epochs, steps, trainSeconds, wallSeconds, examplesPerSecond, engine } = summary;
  const head = `${summary.job}: ${outcome} after ${counted(epochs, 'epoch')}, ${counted(steps, 'step')}`;
  const time =
    `${duration(trainSeconds)} of training at ${grouped(examplesPerSecond)} examples/s ` +
    `(${engine.name}, ${counted(engine.threads, 'thread')}), ${duration(wallSeconds)} in all`;
  return [
    '',
    head,
    '',
    ...scoreLines(summary),
    ...pcaLines(summary),
    ...guardLines(summary),
    time,
    ...fileLines(summary),
    ...continueLines(summary),
  ].join('\n');
}

function scoreLines({ initial, final, bestEpoch }: RunSummary): string[] {
  if (!final) return ['no epoch was completed', ''];
  const names = (Object.keys(LABELS) as ScoreName[]).filter((name) => final[name] !== null);
  const show = (name: ScoreName, value: number | null): string => {
    if (value === null) return '';
    return name.endsWith('Accuracy') ? percent(value) : significant(value);
  };
  const rows = names.map((name) => [
    LABELS[name],
    ...(initial ? [show(name, initial[name])] : []),
    show(name, final[name]),
  ]);
  const best =
    bestEpoch === null
      ? []
      : [`lowest ${final.testLoss === null ? 'train' : 'test'} loss after epoch ${bestEpoch}`];
  return [table([['', ...(initial ? ['initial'] : []), 'final'], ...rows]), '', ...best];
}

function pcaLines({ pca, final }: RunSummary): string[] {
  if (!pca) return [];
  if ('skipped' in pca) return [`no PCA baseline: ${pca.skipped}`];
  const { components, testError } = pca;
  const ratio = (final?.testError ?? NaN) / testError;
  return [
    `test error of a PCA with ${components} components: ${significant(testError)}; ` +
      `the network's is ${significant(ratio)} times that`,
  ];
}

const guardLines = ({ guardRedone, guardGaveUp }: RunSummary): string[] => [
  ...(guardRedone === 0 ? [] : [`the guard had ${counted(guardRedone, 'solve')} redone with a smaller step`]),
  ...(guardGaveUp === 0
    ? []
    : [
        `the guard gave up ${counted(guardGaveUp, 'local problem')}: their layers did not move in those steps`,
      ]),
];

const fileLines = ({ directory, files }: RunSummary): string[] => [
  `files in ${directory}: ${files.join(', ')}`,
];

const continueLines = ({ outcome, directory }: RunSummary): string[] =>
  outcome === 'completed' ? [] : [`continue with: locoprop train --resume ${join(directory)}`];
