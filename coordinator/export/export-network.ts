import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainedNetwork } from '../../core/trained-network.js';
import { writeFailed } from '../../services/store/failure.js';
import { writeDurably } from '../../services/store/files.js';
import type { ExportedFile, Exporter } from './format.js';
import { onnxFiles } from './onnx.js';
import { safetensorsFiles } from './safetensors.js';
import { tfjsFiles } from './tfjs.js';

export const exportFormats = ['tfjs', 'onnx', 'safetensors'] as const;
export type ExportFormat = (typeof exportFormats)[number];

const exporters: Readonly<Record<ExportFormat, Exporter>> = {
  tfjs: tfjsFiles,
  onnx: onnxFiles,
  safetensors: safetensorsFiles,
};

/**
 * Writes a trained network for other programs, in place of an earlier export in the same folder.
 *
 * @param directory is made where it is missing
 * @returns paths of the files written; last, the one that programs open
 * @throws LocopropError EXPORT_UNSUPPORTED where the format cannot hold the network, and nothing is
 *   written; STORE_WRITE_FAILED
 */
export async function exportNetwork(
  format: ExportFormat,
  network: TrainedNetwork,
  directory: string,
): Promise<string[]> {
  const files = exporters[format](network);
  const pathOf = ({ name }: ExportedFile): string => join(directory, name);
  // Left in place, the file of an earlier export would make one network of old and new shards, should
  // this export be interrupted.
  if (files.length > 1) await removeFile(pathOf(files.at(-1)!));
  for (const file of files) await writeDurably(pathOf(file), file.chunks);
  return files.map(pathOf);
}

async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (cause) {
    throw writeFailed(path, cause);
  }
}
