/** Which part of a data set: what is trained on, or what is held out. */
export type DataSplit = 'train' | 'test';

/** What a network's outputs are compared with. */
export type TargetKind = 'inputs' | 'labels' | 'targets';

/** Examples in memory, as they stand in the file; batches of them are scaled when they are made. */
export interface Dataset {
  readonly name: string;
  readonly examples: number;
  /** Numbers per example. */
  readonly features: number;
  readonly inputs: Uint8Array | Float32Array; // [examples, features], not scaled
  /** What an input is multiplied by when a batch is made; 1/255 for bytes. */
  readonly scale: number;
  readonly labels: Uint8Array | Int32Array | null; // [examples], each from 0 to classes − 1
  readonly classes: number | null;
  readonly targets: { readonly width: number; readonly data: Float32Array } | null; // [examples, width]
  /** Pixels, where an example is a picture: features = width · height. */
  readonly image: { readonly width: number; readonly height: number } | null;
}

/** The data of a job, as it stands in the spec. */
export type DataSource = NamedSource | CurvesSource | FileSource;

export const namedDatasets = ['mnist', 'fashion-mnist'] as const;
export type NamedDataset = (typeof namedDatasets)[number];

/** A public data set, found in LOCOPROP_DATA_DIR or fetched. */
export interface NamedSource {
  readonly dataset: NamedDataset;
  /** By default the split that the data are for. */
  readonly split?: DataSplit | undefined;
  /** Only the first so many. */
  readonly examples?: number | undefined;
}

/** Pictures of random smooth curves, drawn from a seed. */
export interface CurvesSource {
  readonly dataset: 'curves';
  readonly examples: number;
  /** By default the seed of the job. */
  readonly seed?: number | undefined;
  /** By default the split that the data are for; the two share no picture. */
  readonly split?: DataSplit | undefined;
}

export const dataFormats = ['idx', 'npy', 'npz', 'csv', 'parquet'] as const;
export type DataFormat = (typeof dataFormats)[number];

/** A column of a table: its name in the header, or its number from 0. */
export type ColumnName = string | number;

/** A file of the user's own; its relative paths start at the folder of the spec. */
export interface FileSource {
  readonly file: string;
  /** By default told from the file's name. */
  readonly format?: DataFormat | undefined;
  /**
   * NPZ: the array, by default `x_train` or `x_test` (by split), else `x`, else the only one.
   * CSV and Parquet: the columns, by default all that are neither labels nor targets.
   */
  readonly inputs?: ColumnName | readonly ColumnName[] | undefined;
  /**
   * The class of each example, an integer from 0. IDX and NPY: another file. NPZ: an array, by
   * default `y_train` or `y_test` (by split), else `y`. CSV and Parquet: a column.
   */
  readonly labels?: ColumnName | undefined;
  /** Numbers to learn for each example; IDX, NPY and NPZ as for labels, CSV and Parquet: columns. */
  readonly targets?: ColumnName | readonly ColumnName[] | undefined;
  /** How many classes; by default the largest label + 1. */
  readonly classes?: number | undefined;
  /** What inputs are multiplied by; by default 1/255 for arrays of bytes, else 1. */
  readonly scale?: number | undefined;
  /**
   * Share of the examples, drawn by the seed of the job, that make the test split of the file; the
   * rest is the train split. Without it, both splits are the whole file.
   */
  readonly testShare?: number | undefined;
  /** By default the split that the data are for. */
  readonly split?: DataSplit | undefined;
  /** Leave out the first so many of the split. */
  readonly skip?: number | undefined;
  /** Then take only so many. */
  readonly examples?: number | undefined;
}
