import type { ErrorEntry } from './entry.js';

/** Datasets that cannot be found, read or used. */
export const dataErrors = {
  DATA_FILE_MISSING: {
    message: 'The data file {file} does not exist.',
    remedy:
      'Check the path. Relative paths in a spec start at its folder, those of arguments at the working directory.',
    retryable: false,
    exitCode: 2,
  },
  DATA_FILE_UNREADABLE: {
    message: 'The data file {file} cannot be read: {reason}',
    remedy: 'Check that it is a regular file that this user may read.',
    retryable: false,
    exitCode: 2,
  },
  DATA_FORMAT_UNKNOWN: {
    message: 'The name of the data file {file} does not tell its format.',
    remedy: 'Name the `format` in the data source: {formats}.',
    retryable: false,
    exitCode: 2,
  },
  DATA_MALFORMED: {
    message: 'The {format} file {file} is damaged or no {format} file; {place}: {reason}',
    remedy: 'Get or write the file anew; if it is another format, name that in the data source.',
    retryable: false,
    exitCode: 2,
  },
  DATA_UNSUPPORTED: {
    message: 'The {format} file {file} cannot be used; {place}: {reason}',
    remedy: 'Save it again as {supported}.',
    retryable: false,
    exitCode: 2,
  },
  DATA_TOO_LARGE: {
    message: 'The data of {file} would take {bytes} bytes in memory; the limit is {limit}.',
    remedy: 'Use fewer examples or columns, or split the file.',
    retryable: false,
    exitCode: 2,
  },
  DATA_NOT_FINITE: {
    message: 'The data file {file} holds {value}: {place}.',
    remedy: 'Replace it, or leave the example out; training needs finite 32-bit numbers.',
    retryable: false,
    exitCode: 2,
  },
  DATA_PART_MISSING: {
    message: 'The data file {file} holds no {kind} {name}; it holds {available}.',
    remedy: 'Name what it holds in `inputs`, `labels` and `targets` of the data source.',
    retryable: false,
    exitCode: 2,
  },
  DATA_LABEL_INVALID: {
    message: 'The label of example {example} in {file} is {value}; {allowed}.',
    remedy: 'Number the classes from 0, and set `classes` of the data source if it is too small.',
    retryable: false,
    exitCode: 2,
  },
  DATA_COUNTS_DIFFER: {
    message:
      'The numbers of examples differ: {inputsFile} holds {inputs}, {otherFile} holds {kind} of {others}.',
    remedy: 'Give files or arrays that belong together.',
    retryable: false,
    exitCode: 2,
  },
  DATA_TARGETS_MISSING: {
    message: 'The network learns {kind}, but the data set {dataset} has none.',
    remedy: 'Name them in `{kind}` of the data source, or learn something else.',
    retryable: false,
    exitCode: 2,
  },
  DATA_TOO_FEW_EXAMPLES: {
    message: 'The data set {dataset} has too few examples: {available}, where {wanted} are asked for.',
    remedy: 'Lower `examples`, `skip` or `testShare` of the data source.',
    retryable: false,
    exitCode: 2,
  },
  DATA_WIDTH_MISMATCH: {
    message: 'Each example of {dataset} has {actual} {kind}; the network {does} {expected}.',
    remedy: 'Change the width of the first or last layer, or name other columns.',
    retryable: false,
    exitCode: 2,
  },
  DATA_SOURCE_INVALID: {
    message: 'The data source {file} cannot be used like this: {reason}',
    remedy: 'Change the data source.',
    retryable: false,
    exitCode: 2,
  },
  DATASET_UNAVAILABLE: {
    message:
      'The data set {dataset} is not at hand: {files} are not in {folders}, and fetching failed: {reasons}',
    remedy:
      'Put {files}, plain or with .gz, into a folder `{dataset}` and set LOCOPROP_DATA_DIR to the folder that holds it, or run again with a network.',
    retryable: true,
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorEntry>;
