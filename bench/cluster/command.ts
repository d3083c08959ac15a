import { Command } from 'commander';
import { print, printJson } from '../../cli/output.js';
import { describeMachine } from '../../engine/machine.js';
import { runClusterBench, sections } from './run.js';

/** The program behind `npm run bench:cluster`. */
export function buildClusterBench(): Command {
  const listed = [...sections].map(([name, { description }]) => `  ${name.padEnd(8)}${description}`);
  return new Command('bench:cluster')
    .description('Measures workers, which are processes of this machine, and their coordinator.')
    .argument('[sections...]', `${[...sections.keys()].join(', ')} (default: all)`)
    .option('--quick', 'tiny sizes, which only show that everything works')
    .option('--json', 'print one JSON document instead of text')
    .addHelpText(
      'after',
      `\nSections:\n${listed.join('\n')}\n\nExample:\n  $ npm run bench:cluster -- wire step`,
    )
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .action(bench);
}

async function bench(
  names: readonly string[],
  { quick, json }: { readonly quick?: true; readonly json?: true },
): Promise<void> {
  const { processor, processors, platform, node } = describeMachine();
  if (!json) print(`${processor}, ${processors} processors; Node ${node}, ${platform}`);
  const report = await runClusterBench(names, { quick: quick === true }, (section, text) => {
    if (!json) print(`\n${section}: ${sections.get(section)!.description}\n${text}`);
  });
  if (json) printJson(report);
}
