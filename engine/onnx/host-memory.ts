import * as ort from 'onnxruntime-node';
import type { Shape } from '../../core/expression/shapes.js';
import { inFloat32, type Matrix } from '../../core/matrix.js';
import type { BackendTensor } from '../backend.js';
import { BufferPool } from './buffer-pool.js';
import type { Memory } from './memory.js';
import type { Model } from './model.js';
import { runInPlace } from './results-in-place.js';

export interface HostTensor extends BackendTensor {
  readonly data: Float32Array;
}

/** Matrices in the memory of the process. */
export class HostMemory implements Memory<HostTensor> {
  readonly resultsInPlace = true;
  readonly #buffers = new BufferPool();

  /** A matrix with any entries. */
  allocate(shape: Shape): HostTensor {
    return { shape, data: this.#buffers.take(shape[0] * shape[1]) };
  }

  upload(matrix: Matrix): HostTensor {
    return { shape: [matrix.rows, matrix.columns], data: inFloat32(matrix).data };
  }

  download({ shape, data }: HostTensor): Matrix {
    return { rows: shape[0], columns: shape[1], data: data.slice() };
  }

  release({ data }: HostTensor): void {
    this.#buffers.give(data);
  }

  asInput({ shape, data }: HostTensor): ort.Tensor {
    return new ort.Tensor('float32', data, [...shape]);
  }

  sessionOptions(): ort.InferenceSession.SessionOptions {
    return {};
  }

  async run(
    session: ort.InferenceSession,
    given: Readonly<Record<string, ort.Tensor>>,
    results: Model['results'],
  ): Promise<Map<string, HostTensor>> {
    const tensors = new Map<string, HostTensor>();
    const places: Record<string, ort.Tensor> = {};
    for (const [name, { value, shape }] of results) {
      const tensor = this.allocate(shape);
      tensors.set(name, tensor);
      places[value] = this.asInput(tensor);
    }
    await runInPlace(session, given, places);
    return tensors;
  }

  retire(session: ort.InferenceSession): Promise<void> {
    return session.release();
  }

  close(): void {
    // The garbage collector has it.
  }
}
