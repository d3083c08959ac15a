/** An amount of columns: `fixed + columns · perColumn`. */
export interface Affine {
  readonly fixed: number;
  readonly perColumn: number;
}

export const at = ({ fixed, perColumn }: Affine, columns: number): number => fixed + columns * perColumn;
