import { resolve } from 'node:path';
import type { ColumnName, DataSource, FileSource } from '../../core/dataset.js';
import type { JobSpec } from '../../core/spec/job-spec.js';

/** Files that hold more than one array: their labels and targets are parts of them, not files. */
const manyArrays = { formats: ['npz', 'csv', 'parquet'], names: /\.(?:npz|parquet|csv(?:\.gz)?)$/i };

const holdsOneArray = ({ file, format }: FileSource): boolean =>
  format === undefined ? !manyArrays.names.test(file) : !manyArrays.formats.includes(format);

/** The spec with paths that mean the same from everywhere, its relative ones starting at a folder. */
export function withAbsolutePaths(spec: JobSpec, directory: string): JobSpec {
  const absolute = (path: string): string => resolve(directory, path);
  const absoluteName = (name: ColumnName | readonly ColumnName[]): ColumnName | readonly ColumnName[] =>
    typeof name === 'string' ? absolute(name) : name;

  const absoluteSource = (source: DataSource): DataSource => {
    if (!('file' in source)) return source;
    const { file, labels, targets } = source;
    if (!holdsOneArray(source)) return { ...source, file: absolute(file) };
    return {
      ...source,
      file: absolute(file),
      ...(typeof labels === 'string' && { labels: absolute(labels) }),
      ...(targets !== undefined && { targets: absoluteName(targets) }),
    };
  };
  const { data, plugins, initialWeights } = spec;
  return {
    ...spec,
    plugins: plugins.map(absolute),
    data: {
      ...data,
      train: absoluteSource(data.train),
      test: data.test && absoluteSource(data.test),
    },
    initialWeights: initialWeights === null ? null : absolute(initialWeights),
  };
}
