import { batchIndices, batchesPerEpoch, epochOrder, inputBatch, labelBatch } from '../core/batches.js';
import type { Dataset, TargetKind } from '../core/dataset.js';
import type { Position } from '../core/state.js';
import type { Engine, Tensor } from '../engine/engine.js';

/** One mini-batch on the coordinator's engine. */
export interface Batch {
  readonly inputs: Tensor; // [examples, features]
  readonly labels: Tensor; // [examples, outputs]
}

export interface BatchOptions {
  readonly engine: Engine;
  readonly dataset: Dataset;
  readonly targets: TargetKind;
  readonly batchSize: number;
  readonly seed: number;
}

/** The training examples as batches, in an order that is a function of the seed and the epoch. */
export class BatchSource {
  readonly stepsPerEpoch: number;
  readonly #options: BatchOptions;
  #order: { readonly epoch: number; readonly indices: Uint32Array } | null = null;

  constructor(options: BatchOptions) {
    this.#options = options;
    this.stepsPerEpoch = batchesPerEpoch(options.dataset.examples, options.batchSize);
  }

  /** The batch of a position, on the engine; the caller releases it. */
  async load({ epoch, batch }: Omit<Position, 'step'>): Promise<Batch> {
    const { engine, dataset, targets, batchSize } = this.#options;
    const indices = batchIndices(this.#orderOf(epoch), batchSize, batch);
    const inputs = await engine.upload(inputBatch(dataset, indices));
    // The first layer's inputs serve as an autoencoder's labels too.
    if (targets === 'inputs') return { inputs, labels: inputs };
    return { inputs, labels: await engine.upload(labelBatch(dataset, indices, targets)) };
  }

  release({ inputs, labels }: Batch): void {
    this.#options.engine.release(inputs === labels ? [inputs] : [inputs, labels]);
  }

  /** The position after one more step. */
  next({ step, epoch, batch }: Position): Position {
    const atEnd = batch + 1 === this.stepsPerEpoch;
    return { step: step + 1, epoch: atEnd ? epoch + 1 : epoch, batch: atEnd ? 0 : batch + 1 };
  }

  #orderOf(epoch: number): Uint32Array {
    const { seed, dataset } = this.#options;
    if (this.#order?.epoch !== epoch) {
      this.#order = { epoch, indices: epochOrder(seed, epoch, dataset.examples) };
    }
    return this.#order.indices;
  }
}
