import type { TrainedNetwork } from '../../core/trained-network.js';

export interface ExportedFile {
  /** Within the folder of the export. */
  readonly name: string;
  /** Its bytes in pieces, which may be views of the network's arrays. */
  readonly chunks: readonly Uint8Array[];
}

/**
 * The files that hold a network in one format; last, the one that programs open. Nothing is written yet.
 *
 * @throws LocopropError EXPORT_UNSUPPORTED where the format cannot hold the network
 */
export type Exporter = (network: TrainedNetwork) => readonly ExportedFile[];

/**
 * What a format's free texts say of a network: its name and, as JSON, each layer's transfer function
 * with its hyperparameters, as a spec writes them.
 */
export const describeNetwork = ({ name, layers }: TrainedNetwork): Record<string, string> => ({
  name,
  layers: JSON.stringify(
    layers.map(({ transfer: { part, h } }) => ({ transfer: { name: part.name, ...h } })),
  ),
});
