import { join } from 'node:path';
import { Option, type Command } from 'commander';
import type { ExportFormat } from '../../coordinator/export/export-network.js';
import type { WhichCheckpoint } from '../../coordinator/trained-run.js';
import { withCheckpoint, withOutput, type OutputOptions } from '../options.js';
import { print, printJson } from '../output.js';

interface ExportOptions extends OutputOptions {
  readonly format: ExportFormat;
  readonly out?: string;
  readonly checkpoint: WhichCheckpoint;
}

/** All of them, by the type: the coordinator's list is loaded only when something is exported. */
const FORMATS = Object.keys({ tfjs: 0, onnx: 0, safetensors: 0 } satisfies Record<ExportFormat, 0>);

export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('Write the network of a run for other programs.')
    .argument('<run>', "the run's folder")
    .addOption(new Option('--format <format>', 'the format').choices(FORMATS).makeOptionMandatory())
    .option('--out <dir>', 'folder to write to (default: export/<format> in the run)')
    .action(exportRun);
  withOutput(withCheckpoint(command), 'locoprop export runs/curves-autoencoder --format onnx');
}

async function exportRun(directory: string, { format, out, checkpoint, json }: ExportOptions): Promise<void> {
  const { openTrainedRun, toExport } = await import('../../coordinator/trained-run.js');
  const { exportFolder, exportNetwork } = await import('../../coordinator/export/export-network.js');
  const run = await openTrainedRun(directory, { checkpoint });
  const { file, step } = run;
  const target = out ?? join(directory, exportFolder(format));
  const files = await exportNetwork(format, toExport(run), target);
  if (json) printJson({ run: directory, checkpoint: file, step, format, files });
  else print(`Wrote ${files.join(', ')} from ${file}, step ${step}`);
}
