import type { LayerRule } from '../core/layer.js';
import type { Matrix } from '../core/matrix.js';
import { gradientMeanRoutine } from '../core/residual-momentum.js';
import type { Engine, Tensor } from '../engine/engine.js';

/** The running means of gradients that targets are made of, for the layers whose rule asks for them. */
export class GradientMeans {
  readonly #engine: Engine;
  readonly #momenta: readonly number[];
  /** By layer; null where there is none yet, or never. */
  readonly #means: (Tensor | null)[];

  private constructor(engine: Engine, momenta: readonly number[], means: (Tensor | null)[]) {
    this.#engine = engine;
    this.#momenta = momenta;
    this.#means = means;
  }

  /**
   * Null where no layer has a mean.
   * @param from means of a checkpoint, by layer
   */
  static async create(
    engine: Engine,
    rules: readonly LayerRule[],
    from: readonly (Matrix | null)[] = [],
  ): Promise<GradientMeans | null> {
    const momenta = rules.map(({ residualMomentum }) => residualMomentum);
    if (momenta.every((momentum) => momentum === 0)) return null;
    const means: (Tensor | null)[] = [];
    for (const layer of rules.keys()) {
      const mean = from[layer];
      means.push(mean ? await engine.upload(mean) : null);
    }
    return new GradientMeans(engine, momenta, means);
  }

  /**
   * Takes a step's gradient in.
   * @param gradient D [examples, units], which stays the caller's
   * @returns what the layer's target is made of, which belongs to this object until the layer's next one
   */
  async with(layer: number, gradient: Tensor): Promise<Tensor> {
    const momentum = this.#momenta[layer]!;
    if (momentum === 0) return gradient;
    const before = this.#means[layer];
    const { tensors } = await this.#engine.run({
      routine: gradientMeanRoutine,
      inputs: { gradient, mean: before ?? gradient },
      scalars: { momentum: before ? momentum : 0 },
    });
    if (before) this.#engine.release([before]);
    const mean = tensors['mean']!;
    this.#means[layer] = mean;
    return mean;
  }

  /** Copies, by layer. */
  async states(): Promise<(Matrix | null)[]> {
    const copies: (Matrix | null)[] = [];
    for (const mean of this.#means) copies.push(mean && (await this.#engine.download(mean)));
    return copies;
  }

  close(): void {
    this.#engine.release(this.#means.filter((mean) => mean !== null));
    this.#means.fill(null);
  }
}
