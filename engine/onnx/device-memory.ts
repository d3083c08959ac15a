import * as ort from 'onnxruntime-node';
import { inFloat32, type Matrix } from '../../core/matrix.js';
import type { BackendTensor } from '../backend.js';
import { openCopier, type Copier } from './copier.js';
import type { Memory } from './memory.js';
import type { Model } from './model.js';

export interface DeviceTensor extends BackendTensor {
  /** In a buffer of the device; numbers [1, 1] that a session returns lie in the process. */
  readonly tensor: ort.Tensor;
}

type Place = 'cpu' | 'gpu-buffer';
type OpenSession = (
  model: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
) => Promise<ort.InferenceSession>;

/**
 * Matrices in the memory of a device. ONNX Runtime's Node binding hands out buffers of a device as results
 * of a session, and takes them as inputs of another one, but has no call that copies to or from them
 * (`Tensor.getData` ends the process): so a copy is a session that returns what it is given.
 */
export class DeviceMemory implements Memory<DeviceTensor> {
  readonly resultsInPlace = false;
  readonly #toDevice: Copier;
  readonly #toProcess: Copier;
  /** What made each result on the device that is still held. */
  readonly #makers = new Map<DeviceTensor, ort.InferenceSession>();
  readonly #retired = new Set<ort.InferenceSession>();

  private constructor(toDevice: Copier, toProcess: Copier) {
    this.#toDevice = toDevice;
    this.#toProcess = toProcess;
  }

  /** @throws Error where the device cannot be had */
  static async open(openSession: OpenSession): Promise<DeviceMemory> {
    const copier = (place: Place): Promise<Copier> =>
      openCopier((model) => openSession(model, { preferredOutputLocation: place }));
    return new DeviceMemory(await copier('gpu-buffer'), await copier('cpu'));
  }

  async upload(matrix: Matrix): Promise<DeviceTensor> {
    const shape = [matrix.rows, matrix.columns] as const;
    const given = new ort.Tensor('float32', inFloat32(matrix).data, [...shape]);
    return { shape, tensor: await this.#toDevice.run(given) };
  }

  async download({ shape: [rows, columns], tensor }: DeviceTensor): Promise<Matrix> {
    if (tensor.location === 'cpu') return { rows, columns, data: (tensor.data as Float32Array).slice() };
    const data = new Float32Array(rows * columns);
    await this.#toProcess.run(tensor, new ort.Tensor('float32', data, [rows, columns]));
    return { rows, columns, data };
  }

  release(held: DeviceTensor): void {
    this.#makers.delete(held);
    held.tensor.dispose();
  }

  asInput({ tensor }: DeviceTensor): ort.Tensor {
    return tensor;
  }

  /** Numbers are wanted in the process, and come with the call. */
  sessionOptions(results: Model['results']): ort.InferenceSession.SessionOptions {
    const places = Array.from(results.values(), ({ value, shape }): [string, Place] => [
      value,
      shape[0] * shape[1] === 1 ? 'cpu' : 'gpu-buffer',
    ]);
    return { preferredOutputLocation: Object.fromEntries(places) };
  }

  async run(
    session: ort.InferenceSession,
    given: Readonly<Record<string, ort.Tensor>>,
    results: Model['results'],
  ): Promise<Map<string, DeviceTensor>> {
    const found = await session.run(given);
    const tensors = new Map<string, DeviceTensor>();
    for (const [name, { value, shape }] of results) {
      const held: DeviceTensor = { shape, tensor: found[value]! };
      if (held.tensor.location !== 'cpu') this.#makers.set(held, session);
      tensors.set(name, held);
    }
    return tensors;
  }

  /**
   * A buffer of the device belongs to the session that made it, and may not be touched once that is released:
   * so it is released at the first time of asking when none of its results is held.
   */
  async retire(session: ort.InferenceSession): Promise<void> {
    this.#retired.add(session);
    const needed = new Set(this.#makers.values());
    for (const idle of [...this.#retired].filter((one) => !needed.has(one))) {
      this.#retired.delete(idle);
      await idle.release();
    }
  }

  /** Moves numbers to the device and back. @throws Error where it is gone */
  async probe(): Promise<void> {
    const numbers = [1, -2, 3];
    const held = await this.upload({ rows: 1, columns: 3, data: Float32Array.from(numbers) });
    const { data } = await this.download(held);
    this.release(held);
    if (!numbers.every((number, index) => data[index] === number)) {
      throw new Error(`the device gave ${[...data].join()} back for ${numbers.join()}`);
    }
  }

  async close(): Promise<void> {
    await this.#toDevice.close();
    await this.#toProcess.close();
  }
}
