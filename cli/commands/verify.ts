import type { Command } from 'commander';
import type { CaseResult } from '../../coordinator/verification.js';
import {
  withEngine,
  withOutput,
  type CommandContext,
  type EngineOptions,
  type OutputOptions,
} from '../options.js';
import { print, printJson } from '../output.js';

type VerifyOptions = OutputOptions & EngineOptions;

export function addVerify(program: Command, context: CommandContext): void {
  const command = program
    .command('verify')
    .description('Run conformance vectors on an engine; fails past the tolerance.')
    .argument('<dir>', 'folder with the vectors, such as test/vectors')
    .action(async (directory: string, options: VerifyOptions) => {
      if (!(await verify(directory, options))) context.setExitCode(1);
    });
  withOutput(withEngine(command), 'locoprop verify test/vectors --engine reference');
}

/** Returns whether all cases passed. */
async function verify(
  directory: string,
  { engine = 'auto', threads, json }: VerifyOptions,
): Promise<boolean> {
  const { verifyEngine } = await import('../../coordinator/verification.js');
  const show = json ? () => undefined : (result: CaseResult) => print(caseText(result));
  const verification = await verifyEngine(directory, { engine, threads: threads ?? null }, show);
  const { cases, passed } = verification;
  if (json) {
    printJson(verification);
    return passed;
  }
  const failed = cases.filter((one) => !one.passed).length;
  const { name, description } = verification.engine;
  const verdict = passed ? `all ${cases.length} cases passed` : `${failed} of ${cases.length} cases failed`;
  print(`\n${name} (${description}): ${verdict}`);
  return passed;
}

const caseText = ({ name, form, error, tolerance, worst, passed }: CaseResult): string => {
  const verdict = passed ? 'ok    ' : 'FAILED';
  const numbers = `${error.toExponential(1).padStart(8)} of ${tolerance.toExponential(1)}`;
  return `${verdict}  ${numbers}  ${name} (${form})${passed ? '' : `: ${worst}`}`;
};
