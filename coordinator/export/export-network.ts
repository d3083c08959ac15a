import type { TrainedNetwork } from '../../core/trained-network.js';
import { FolderRunStore } from '../../services/store/folder-run-store.js';
import type { RunStore } from '../../services/store/run-store.js';
import type { Exporter } from './format.js';
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

/** Where an export in this format lies in a run. */
export const exportFolder = (format: ExportFormat): string => `export/${format}`;

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
  const store = new FolderRunStore(directory);
  return (await writeExport(format, network, store)).map((name) => store.path(name));
}

/**
 * Does the same in a store.
 *
 * @param folder ends in `/`; nothing for the store itself
 * @returns names of the files written, in their order
 */
export async function writeExport(
  format: ExportFormat,
  network: TrainedNetwork,
  store: Pick<RunStore, 'write' | 'remove'>,
  folder = '',
): Promise<string[]> {
  const files = exporters[format](network).map(({ name, chunks }) => ({ name: `${folder}${name}`, chunks }));
  // Left in place, the file of an earlier export would make one network of old and new shards, should
  // this export be interrupted.
  if (files.length > 1) await store.remove(files.at(-1)!.name);
  for (const { name, chunks } of files) await store.write(name, chunks);
  return files.map(({ name }) => name);
}
