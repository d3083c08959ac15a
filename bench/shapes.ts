/** Sizes of a layer's weights. */
export interface LayerShape {
  readonly inputs: number;
  readonly units: number;
}

export interface SolveSize {
  /** B. */
  readonly batch: number;
  /** K. */
  readonly iterations: number;
}

/** The layers of a network, given by how wide its input and then each of its layers is. */
export const layerShapes = (widths: readonly number[]): LayerShape[] =>
  widths.slice(1).map((units, layer) => ({ inputs: widths[layer]!, units }));

export const shapeName = ({ inputs, units }: LayerShape): string => `${inputs}×${units}`;

/**
 * Floating-point operations of the products of a direct solve that is given A and reports objectives: K
 * for the gradients XᵀR, K − 1 for XW and one more for the last objective, each of 2·B·inputs·units.
 */
export const productOperations = ({ inputs, units }: LayerShape, { batch, iterations }: SolveSize): number =>
  2 * iterations * (2 * batch * inputs * units);
