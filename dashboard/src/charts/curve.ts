import type uPlot from 'uplot';

export interface Curve {
  readonly label: string;
  /** A variable of the style sheet. */
  readonly colour: string;
  readonly dashed?: boolean;
  readonly thin?: boolean;
  /** Where points are few, each is shown. */
  readonly points?: boolean;
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

export interface LineChartProps {
  /** Says what is shown to those who do not see it. */
  readonly title: string;
  readonly xLabel: string;
  /** Whether x counts something. */
  readonly wholeX?: boolean;
  readonly curves: readonly Curve[];
  /** x, then a column for each curve, in the order of x. */
  readonly data: uPlot.AlignedData;
  readonly scale: 'linear' | 'log';
  readonly height: number;
  /** Told what is looked at closely, in units of x; null where all is shown. */
  readonly onRange?: (range: Range | null) => void;
  /** Small ones have no legend and no zoom. */
  readonly small?: boolean;
}
