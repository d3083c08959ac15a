import { Stopwatch } from '../coordinator/stopwatch.js';
import type { LayerRule } from '../core/layer.js';
import type { Matrix } from '../core/matrix.js';
import type { LayerState } from '../core/state.js';
import type { Engine } from '../engine/engine.js';
import { layerTensors, uploadLayer, type LayerTensors } from '../engine/layer-tensors.js';
import { solveLayer, type LocalProblem } from '../engine/solve.js';
import { forwardLayer } from '../engine/sweep.js';
import { uniformMatrix } from './data.js';
import type { Task } from './measure.js';
import { batchLimit } from './products.js';
import { copyOf } from '../engine/conformance/tensor-scope.js';

/** A layer's local problem with numbers drawn for it, on an engine. */
export class LayerProblem {
  readonly #engine: Engine;
  readonly #rule: LayerRule;
  readonly #state: LayerTensors;
  readonly #problem: Required<LocalProblem>;

  private constructor(engine: Engine, rule: LayerRule, state: LayerTensors, problem: Required<LocalProblem>) {
    this.#engine = engine;
    this.#rule = rule;
    this.#state = state;
    this.#problem = problem;
  }

  static async draw(
    engine: Engine,
    rule: LayerRule,
    initial: LayerState,
    batch: number,
  ): Promise<LayerProblem> {
    const state = await uploadLayer(engine, initial);
    const inputs = await engine.upload(drawnInputs(rule, batch));
    const displacement = await engine.upload(drawnDisplacement(rule, batch));
    const { preactivation, output } = await forwardLayer(engine, rule, state, inputs);
    const problem = { inputs, displacement, preactivation };
    // A layer's state is what a solve left, so that an engine has it where it leaves it.
    const solved = await solveLayer(engine, rule, problem, state, { rateFactor: 1, objective: false });
    engine.release([output, ...layerTensors(state)]);
    return new LayerProblem(engine, rule, solved.state, problem);
  }

  /** Solves it with what the engine holds. */
  solve(objective: boolean): Task {
    return async () => {
      const watch = new Stopwatch();
      const { state } = await this.#solved(this.#problem, objective);
      const seconds = watch.lap();
      this.#engine.release(layerTensors(state));
      return seconds;
    };
  }

  /** Solves it as a worker does: X and R⁰ go to the engine, weights and bias come back. */
  solveWithTransfers(): Task {
    const batch = this.#problem.inputs.rows;
    const drawn = {
      inputs: drawnInputs(this.#rule, batch),
      displacement: drawnDisplacement(this.#rule, batch),
    };
    return async () => {
      const engine = this.#engine;
      // The engine takes over what it is given.
      const given = { inputs: copyOf(drawn.inputs), displacement: copyOf(drawn.displacement) };
      const watch = new Stopwatch();
      const [inputs, displacement] = [
        await engine.upload(given.inputs),
        await engine.upload(given.displacement),
      ];
      const { state } = await this.#solved({ ...this.#problem, inputs, displacement }, true);
      await Promise.all([engine.download(state.weights), engine.download(state.bias)]);
      const seconds = watch.lap();
      engine.release([inputs, displacement, ...layerTensors(state)]);
      return seconds;
    };
  }

  release(): void {
    this.#engine.release([...layerTensors(this.#state), ...Object.values(this.#problem)]);
  }

  #solved(problem: LocalProblem, objective: boolean): ReturnType<typeof solveLayer> {
    return solveLayer(this.#engine, this.#rule, problem, this.#state, { rateFactor: 1, objective });
  }
}

const drawnInputs = ({ inputs }: LayerRule, batch: number): Matrix<Float32Array> =>
  uniformMatrix('inputs', batch, inputs, batchLimit(batch));

const drawnDisplacement = ({ units }: LayerRule, batch: number): Matrix<Float32Array> =>
  uniformMatrix('displacement', batch, units, 1 / batch);
