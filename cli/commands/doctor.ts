import type { Command } from 'commander';
import type { Diagnosis, EngineDiagnosis } from '../../coordinator/diagnosis.js';
import { significant } from '../format.js';
import { toCount, withOutput, type OutputOptions } from '../options.js';
import { print, printJson } from '../output.js';

interface DoctorOptions extends OutputOptions {
  readonly threads?: number;
}

export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('Tell which engines and data this machine has, how fast they are, and what is missing.')
    .option(
      '--threads <n>',
      'threads to measure with (default: what the machine or container allows)',
      toCount,
    )
    .action(doctor);
  withOutput(command, 'locoprop doctor');
}

async function doctor({ threads, json }: DoctorOptions): Promise<void> {
  const { diagnose } = await import('../../coordinator/diagnosis.js');
  const diagnosis = await diagnose(process.env, threads ?? null);
  if (json) printJson(diagnosis);
  else print(diagnosisText(diagnosis));
}

function diagnosisText({ node, processors, memoryBytes, engines, auto, data }: Diagnosis): string {
  const { machine, usable } = processors;
  const limited = usable < machine ? `, of which the container allows ${usable}` : '';
  return [
    `Node ${node.version} on ${node.platform}${node.supported ? '' : ': too old, get 20.19 or later'}`,
    `${machine} processors${limited}; ${significant(memoryBytes / 2 ** 30)} GiB of memory`,
    '',
    'Engines',
    ...engines.flatMap(engineLines),
    `  auto takes ${auto.name ?? 'none'}: ${auto.reason}`,
    '',
    'Data',
    '  curves: built in',
    ...data.flatMap(({ name, searched, found }) =>
      found === null
        ? [
            `  ${name}: not here; the first training that needs it fetches it into ${searched.at(-1) ?? ''}.`,
            `    Without a network: put its files into a folder ${name}, and set LOCOPROP_DATA_DIR to the folder above it.`,
          ]
        : [`  ${name}: ${found}`],
    ),
  ].join('\n');
}

const engineLines = (engine: EngineDiagnosis): string[] => {
  if (!engine.available) return [`  ${engine.name}: not available. ${engine.reason}`, `    ${engine.remedy}`];
  const { info, gflops, name, wrong } = engine;
  const threads = `${info.threads} ${info.threads === 1 ? 'thread' : 'threads'}`;
  const line = `  ${name}: ${significant(gflops)} GFLOP/s on ${threads}, ${info.precision} (${info.description})`;
  return wrong === null ? [line] : [line, `    It computes wrongly: ${wrong}. Do not use it.`];
};
