import { endLoss, type CompareResult, type ContenderResult } from '../../core/compare/result.js';
import { markdownTable } from '../../core/markdown-table.js';
import { compareRows, showSetting } from './compare-rows.js';

/** What the figures depend on besides the spec, and how to get them again. */
export interface CompareOrigin {
  readonly command: string;
  /** `locoprop 0.1.0`. */
  readonly program: string;
  readonly processor: string;
  /** That the process may use. */
  readonly processors: number;
  readonly platform: string;
  readonly node: string;
  /** The comparison and its base as they were written, with the names of their files. */
  readonly specs: readonly { readonly file: string; readonly text: string }[];
}

/** The report of a comparison: its table, its searches, and what it takes to repeat it. */
export function compareMarkdown(result: CompareResult, origin: CompareOrigin): string {
  const { head, rows } = compareRows(result);
  return [
    `# ${result.title}`,
    '![Training loss by epoch and by second of training](compare.svg)',
    markdownTable(head, rows, { numbers: true }),
    notes(result),
    ...searchSection(result),
    '## To repeat it',
    `    ${origin.command}`,
    facts(result, origin),
    ...origin.specs.map(({ file, text }) => `\`${file}\`:\n\n${fenced(text)}`),
    '',
  ].join('\n\n');
}

function notes({ losses, contenders }: CompareResult): string {
  const lines = [
    'Losses are those after the last epoch, over all examples that are evaluated. Seconds are those of ' +
      'training steps alone: evaluation, checkpoints and loading do not count.',
  ];
  if (losses.length > 0) {
    lines.push(
      '*Epochs* and *s to* a loss are those at the first evaluated epoch whose training loss is no larger.',
    );
  }
  for (const { name, run } of contenders) {
    if (run?.reason) lines.push(`${name} ${run.outcome}: ${run.reason}`);
  }
  return lines.map((line) => `- ${line}`).join('\n');
}

function searchSection({ contenders }: CompareResult): string[] {
  const searched = contenders.filter(({ trials }) => trials.length > 0);
  if (searched.length === 0) return [];
  return [
    '## Searches',
    'Training loss at the end of each trial, in the order of the grid; the setting in bold was taken.',
    searched.map((contender) => `- ${contender.name}: ${trialsOf(contender)}`).join('\n'),
  ];
}

const trialsOf = ({ trials, setting }: ContenderResult): string =>
  trials
    .map((trial) => {
      const loss = endLoss(trial);
      const text = `${showSetting(trial.setting)}: ${loss === Infinity ? trial.outcome : Number(loss.toPrecision(4))}`;
      return trial.setting === setting ? `**${text}**` : text;
    })
    .join('; ');

function facts({ seed, contenders }: CompareResult, origin: CompareOrigin): string {
  const engines = contenders.flatMap(({ run }) => {
    if (!run?.engine) return [];
    const { name, description, threads } = run.engine;
    return [`${name} (${description}), ${threads} ${threads === 1 ? 'thread' : 'threads'}`];
  });
  const { program, processor, processors, platform, node } = origin;
  return markdownTable(
    ['', ''],
    [
      ['program', program],
      ['engine', [...new Set(engines)].join('; ')],
      ['processor', `${processor}, ${processors} to use`],
      ['system', `Node ${node}, ${platform}`],
      ['seed', String(seed)],
    ],
    { numbers: true },
  );
}

/** A block of text, in a fence longer than any within it. */
function fenced(text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}yaml\n${text.trimEnd()}\n${fence}`;
}
