import type { ColumnName, DataFormat, DataSource, FileSource } from '../../core/dataset.js';
import type { JobSpec } from '../../core/spec/job-spec.js';
import { formatOfName } from '../datasets/format-name.js';

/** Of files that hold more than one array: their labels and targets are parts of them, not files. */
const manyArrays: ReadonlySet<DataFormat | undefined> = new Set(['npz', 'csv', 'parquet'] as const);

/** Whether labels and targets of a source are files of their own. */
export const holdsOneArray = ({ file, format }: FileSource): boolean =>
  !manyArrays.has(format ?? formatOfName(file));

/** What a path of a spec names. */
export type PathKind = 'data' | 'weights' | 'plugin';

/** The spec with each of its paths replaced. */
export function mapPaths(spec: JobSpec, map: (path: string, kind: PathKind) => string): JobSpec {
  const mapName = (name: ColumnName | readonly ColumnName[]): ColumnName | readonly ColumnName[] =>
    typeof name === 'string' ? map(name, 'data') : name;

  const mapSource = (source: DataSource): DataSource => {
    if (!('file' in source)) return source;
    const { file, labels, targets } = source;
    if (!holdsOneArray(source)) return { ...source, file: map(file, 'data') };
    return {
      ...source,
      file: map(file, 'data'),
      ...(typeof labels === 'string' && { labels: map(labels, 'data') }),
      ...(targets !== undefined && { targets: mapName(targets) }),
    };
  };
  const { data, plugins, initialWeights } = spec;
  return {
    ...spec,
    plugins: plugins.map((path) => map(path, 'plugin')),
    data: { ...data, train: mapSource(data.train), test: data.test && mapSource(data.test) },
    initialWeights: initialWeights === null ? null : map(initialWeights, 'weights'),
  };
}

/** The paths of a spec, each once of a kind. */
export function pathsOf(spec: JobSpec): { readonly path: string; readonly kind: PathKind }[] {
  const found = new Map<string, { readonly path: string; readonly kind: PathKind }>();
  mapPaths(spec, (path, kind) => {
    found.set(`${kind} ${path}`, { path, kind });
    return path;
  });
  return [...found.values()];
}
