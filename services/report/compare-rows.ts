import type { Setting } from '../../core/compare/grid.js';
import {
  firstAtMost,
  secondsPerStep,
  type CompareResult,
  type ContenderResult,
} from '../../core/compare/result.js';
import { showValue } from '../../core/spec/plain-value.js';

/** What there is no number for. */
const NONE = '–';

/** Four digits: 57.76, 0.01234, 208.3. */
const four = (value: number | null | undefined): string =>
  value === null || value === undefined || !Number.isFinite(value)
    ? NONE
    : String(Number(value.toPrecision(4)));

/** Three digits of seconds, as far as they can be told apart. */
const seconds = (value: number | null | undefined): string =>
  value === null || value === undefined ? NONE : String(Number(value.toPrecision(3)));

/** `learningRate 0.01, eta 1`: the last words of the paths are enough for people. */
export const showSetting = (setting: Setting): string =>
  Object.entries(setting)
    .map(([path, value]) => `${path.slice(path.lastIndexOf('.') + 1)} ${showValue(value)}`)
    .join(', ');

export interface CompareRows {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The table of a comparison: a row a contender. */
export function compareRows({ contenders, losses, relativeTo }: CompareResult): CompareRows {
  const unitRun = contenders.find(({ name }) => name === relativeTo)?.run;
  const unit = unitRun ? secondsPerStep(unitRun) : null;
  const head = [
    'contender',
    'setting',
    'training loss',
    'test loss',
    'epochs',
    's a step',
    ...(unit === null ? [] : [`÷ ${relativeTo}`]),
    ...losses.flatMap((loss) => [`epochs to ${loss}`, `s to ${loss}`]),
  ];
  return { head, rows: contenders.map((contender) => rowOf(contender, { unit, losses })) };
}

function rowOf(
  { name, setting, run }: ContenderResult,
  { unit, losses }: { readonly unit: number | null; readonly losses: readonly number[] },
): string[] {
  const last = run?.metrics.at(-1);
  const step = run ? secondsPerStep(run) : null;
  const completed = run?.outcome === 'completed';
  const verdict = run === null ? 'no setting worked' : `${run.outcome}, last`;
  return [
    name,
    setting ? showSetting(setting) || 'as set' : NONE,
    completed ? four(last?.trainLoss) : `${verdict} ${run ? four(last?.trainLoss) : ''}`.trim(),
    four(last?.testLoss),
    String(last?.epoch ?? 0),
    seconds(step),
    ...(unit === null ? [] : [step === null ? NONE : String(Number((step / unit).toPrecision(3)))]),
    ...losses.flatMap((loss) => {
      const reached = firstAtMost(run?.metrics ?? [], loss);
      return [reached ? String(reached.epoch) : NONE, seconds(reached?.trainSeconds)];
    }),
  ];
}
