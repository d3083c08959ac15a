import type { PlacedColumns } from '../api/types.ts';
import { formatWhole } from '../format.ts';
import { curveName } from './colours.ts';

export interface LayerMapProps {
  readonly parts: readonly PlacedColumns[];
  /** All workers, which gives each the same colour everywhere. */
  readonly workers: readonly string[];
}

/** Which worker holds which columns: a bar for each layer, as long as it has columns. */
export function LayerMap({ parts, workers }: LayerMapProps) {
  const layers = [...new Set(parts.map(({ layer }) => layer))].sort((a, b) => a - b);
  const columnsOf = (layer: number): number =>
    Math.max(...parts.filter((part) => part.layer === layer).map(({ end }) => end));
  const widest = Math.max(...layers.map(columnsOf), 1);
  const shown = workers.filter((worker) => parts.some((part) => part.worker === worker));
  return (
    <div class="layer-map">
      <ul class="legend" aria-label="Workers">
        {shown.map((worker) => (
          <li key={worker}>
            <i class="block" style={{ background: colourOf(worker, workers) }} /> {worker}
          </li>
        ))}
      </ul>
      <ol>
        {layers.map((layer) => (
          <li key={layer}>
            <span class="layer-name">layer {layer}</span>
            <span class="layer-bar" style={{ maxWidth: `${(columnsOf(layer) / widest) * 100}%` }}>
              {parts
                .filter((part) => part.layer === layer)
                .sort((a, b) => a.start - b.start)
                .map(({ worker, start, end }) => {
                  const text = `columns ${formatWhole(start)} to ${formatWhole(end - 1)}: ${worker}`;
                  return (
                    <span
                      key={start}
                      class="layer-part"
                      style={{ flexGrow: end - start, background: colourOf(worker, workers) }}
                      title={text}
                    >
                      <span class="hidden">{text}; </span>
                    </span>
                  );
                })}
            </span>
            <span class="layer-size">{formatWhole(columnsOf(layer))}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

const colourOf = (worker: string, workers: readonly string[]): string =>
  `var(--${curveName(Math.max(0, workers.indexOf(worker)))})`;
