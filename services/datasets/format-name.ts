import { basename } from 'node:path';
import { dataFormats, type DataFormat } from '../../core/dataset.js';

/** IDX files are named as those of MNIST, or with the format behind the dot. */
const namePatterns: Readonly<Record<DataFormat, RegExp>> = {
  idx: /idx\d+-(?:ubyte|byte|short|int|float|double)(?:\.gz)?$|\.idx(?:\.gz)?$/i,
  npy: /\.npy(?:\.gz)?$/i,
  npz: /\.npz$/i,
  csv: /\.csv(?:\.gz)?$/i,
  parquet: /\.parquet$/i,
};

/** The format that a file's name tells; undefined where it tells none. */
export const formatOfName = (file: string): DataFormat | undefined =>
  dataFormats.find((candidate) => namePatterns[candidate].test(basename(file)));
