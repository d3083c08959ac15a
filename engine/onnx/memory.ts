import type * as ort from 'onnxruntime-node';
import type { Matrix } from '../../core/matrix.js';
import type { BackendTensor } from '../backend.js';
import type { Model } from './model.js';

/** Where an ONNX engine has its matrices: in the memory of the process, or in that of a device. */
export interface Memory<T extends BackendTensor> {
  /** Whether sessions write results to places of this memory; their models are then built for it. */
  readonly resultsInPlace: boolean;
  /** Takes `matrix.data` over. */
  upload(matrix: Matrix): T | Promise<T>;
  /** A copy. */
  download(tensor: T): Matrix | Promise<Matrix>;
  release(tensor: T): void;
  /** The tensor as a session reads it. */
  asInput(tensor: T): ort.Tensor;
  /** What a session is to be told of where its results go. */
  sessionOptions(results: Model['results']): ort.InferenceSession.SessionOptions;
  /** Runs a session; its results stay in this memory. */
  run(
    session: ort.InferenceSession,
    given: Readonly<Record<string, ort.Tensor>>,
    results: Model['results'],
  ): Promise<Map<string, T>>;
  /** Ends a session that will not run again. Its results in this memory stay. */
  retire(session: ort.InferenceSession): Promise<void>;
  close(): void | Promise<void>;
}
