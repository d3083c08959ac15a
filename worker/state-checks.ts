import type { Matrix } from '../core/matrix.js';
import type { LayerState } from '../core/state.js';
import { layerTensors, type LayerTensors } from '../engine/layer-tensors.js';
import { invalid } from './refusal.js';

/** A state that is not finite never was one of a run: only a solution may be. @throws Refusal */
export function requireFinite({ weights, bias, weightSlots, biasSlots }: LayerState): void {
  const named = (name: string, slots: LayerState['weightSlots']): [string, Matrix][] =>
    Object.entries(slots).map(([slot, matrix]) => [`${name}.${slot}`, matrix]);
  const matrices: [string, Matrix][] = [
    ['weights', weights],
    ['bias', bias],
    ...named('weights', weightSlots),
    ...named('bias', biasSlots),
  ];
  for (const [name, matrix] of matrices) {
    const at = firstNotFinite(matrix.data);
    if (at !== null) throw invalid(`entry ${at} of "${name}" is ${matrix.data[at]}`);
  }
}

/** A plain loop: it runs beside heartbeats, over millions of entries. */
function firstNotFinite(data: Matrix['data']): number | null {
  for (let at = 0; at < data.length; at++) if (!Number.isFinite(data[at])) return at;
  return null;
}

/** A routine comes from outside: what it makes of a state is not taken on trust. @throws Refusal */
export function requireSameShapes(before: LayerTensors, after: LayerTensors): void {
  const shapes = (state: LayerTensors): string =>
    layerTensors(state)
      .map(({ rows, columns }) => `${rows}×${columns}`)
      .join(', ');
  if (shapes(before) !== shapes(after)) {
    throw invalid(`the routine makes ${shapes(after)} of a state of ${shapes(before)}`);
  }
}
