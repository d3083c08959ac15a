import type { ErrorEntry } from './entry.js';

/** Runs on disk: their checkpoints, their logs and the files made of them. */
export const storeErrors = {
  STORE_WRITE_FAILED: {
    message: 'Cannot write {file}: {reason}',
    remedy:
      'Free space or mend the permissions, then start again: a run goes on with `locoprop train --resume`, a coordinator with its jobs. Earlier checkpoints are untouched.',
    retryable: true,
    exitCode: 1,
  },
  STORE_READ_FAILED: {
    message: 'Cannot read {file}: {reason}',
    remedy: 'Check the path and the permissions.',
    retryable: false,
    exitCode: 1,
  },
  STORE_RUN_MISSING: {
    message: '{directory} holds no run: {reason}',
    remedy: 'Name the folder that `locoprop train` printed, such as runs/my-job.',
    retryable: false,
    exitCode: 2,
  },
  STORE_RUN_EXISTS: {
    message: 'The folder {directory} is not empty.',
    remedy:
      'If it holds a run, go on with that by `locoprop train --resume {directory}`; else name another folder.',
    retryable: false,
    exitCode: 2,
  },
  STORE_NO_FOLDER: {
    message: '{directory} cannot be the folder of a run: it is, or lies below, a file.',
    remedy: 'Name a new or an empty folder.',
    retryable: false,
    exitCode: 2,
  },
  STORE_LOCKED: {
    message: 'The folder {directory} is in use by process {pid} of machine {host}.',
    remedy:
      'Use it through that process, wait for it or stop it, or name another folder. If it is surely gone, delete {file}.',
    retryable: true,
    exitCode: 1,
  },
  STORE_NO_CHECKPOINT: {
    message: 'The run {directory} has no checkpoint that can be used: {reason}',
    remedy:
      'A run that has saved none yet goes on with `locoprop train --resume`, from the start. Where all are damaged, train in another folder.',
    retryable: false,
    exitCode: 1,
  },
  STORE_CHECKPOINT_DAMAGED: {
    message: 'The checkpoint {file} is damaged: {reason}',
    remedy: 'Use an earlier checkpoint of the run.',
    retryable: false,
    exitCode: 1,
  },
  STORE_CHECKPOINT_NEWER: {
    message:
      'The checkpoint {file} has the format version {version}; this program reads up to version {known}.',
    remedy: 'Use the version of locoprop that wrote it, or a later one.',
    retryable: false,
    exitCode: 1,
  },
  STORE_LOG_DAMAGED: {
    message: 'Line {line} of {file} cannot be used: {reason}',
    remedy: 'Start a new run whose `initialWeights` names the last checkpoint of this one.',
    retryable: false,
    exitCode: 1,
  },
  STORE_RECORD_DAMAGED: {
    message: 'The record {file} of a job cannot be used: {reason}',
    remedy: 'Put the file back from a copy of the store, or delete the job; the other jobs go on.',
    retryable: false,
    exitCode: 1,
  },
  STORE_WEIGHTS_MISMATCH: {
    message: 'The weights in {file} do not fit the network: {reason}',
    remedy: 'Give the network the same layers as the one that was saved, or train without `initialWeights`.',
    retryable: false,
    exitCode: 2,
  },
  SAFETENSORS_INVALID: {
    message: '{file} cannot be used as a safetensors file: {reason} (byte {offset})',
    remedy: 'Get the file again from its source; tensors of type F32 and F64 can be read.',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorEntry>;
