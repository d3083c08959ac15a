import type { Matrix } from '../../core/matrix.js';
import type { Engine, Tensor } from '../engine.js';

/** The tensors of one computation, released together. */
export class TensorScope {
  readonly engine: Engine;
  readonly #tensors: Tensor[] = [];

  constructor(engine: Engine) {
    this.engine = engine;
  }

  keep(tensors: Iterable<Tensor>): void {
    this.#tensors.push(...tensors);
  }

  /** Uploads a copy. */
  async upload(matrix: Matrix): Promise<Tensor> {
    const tensor = await this.engine.upload(copyOf(matrix));
    this.#tensors.push(tensor);
    return tensor;
  }

  release(): void {
    this.engine.release(this.#tensors);
    this.#tensors.length = 0;
  }
}

export const copyOf = (matrix: Matrix): Matrix => ({ ...matrix, data: matrix.data.slice() });

/** Runs `use` and releases what it kept. */
export async function withTensors<Result>(
  engine: Engine,
  use: (scope: TensorScope) => Promise<Result>,
): Promise<Result> {
  const scope = new TensorScope(engine);
  try {
    return await use(scope);
  } finally {
    scope.release();
  }
}
