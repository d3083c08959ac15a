import type { LayerState } from '../../core/state.js';
import type { ParameterTensors } from '../../engine/layer-tensors.js';
import type { PartProblem } from './place.js';

/** A step of a layer that is settled. */
export interface SettledStep extends PartProblem {
  /** Whether the solution was taken; if not, the layer stayed as it was. */
  readonly accepted: boolean;
}

/** A layer after a step, as far as it is at hand here. */
export interface RecoveryBase extends Pick<LayerState, 'weightSlots' | 'biasSlots' | 'updates'> {
  readonly step: number;
  readonly parameters: ParameterTensors;
}

/** What a part is made again from: a state of its layer, and what has been settled since. */
export interface RecoveryStart {
  readonly step: number;
  readonly state: LayerState;
  readonly steps: readonly SettledStep[];
}

/**
 * What it takes to make a lost part again: a layer's weights and slots after some step, and the problems
 * of the steps since. Weights come home with every step, slots only now and then.
 */
export class RecoveryLog {
  #base: RecoveryBase;
  #steps: SettledStep[] = [];
  #latest: Pick<RecoveryBase, 'step' | 'updates'>;
  #dropped: ParameterTensors[] = [];
  readonly #hasSlots: boolean;

  constructor(base: RecoveryBase) {
    this.#base = base;
    this.#latest = base;
    this.#hasSlots = Object.keys(base.weightSlots).length > 0;
  }

  get base(): RecoveryBase {
    return this.#base;
  }

  get step(): number {
    return this.#base.step;
  }

  get parameters(): ParameterTensors {
    return this.#base.parameters;
  }

  /** The last settled step, and the updates that the optimizer has seen by then. */
  get latest(): Pick<RecoveryBase, 'step' | 'updates'> {
    return this.#latest;
  }

  get updates(): number {
    return this.#latest.updates;
  }

  /** The settled steps since the base, in order. They stay as they are for whoever has them when the base moves. */
  get steps(): readonly SettledStep[] {
    return this.#steps;
  }

  /** @param parameters after the step */
  add(settled: SettledStep, parameters: ParameterTensors): void {
    const updates = this.#latest.updates + (settled.accepted ? settled.numbers.updates : 0);
    this.#latest = { step: settled.step, updates };
    if (this.#hasSlots) this.#steps.push(settled);
    // Without slots the weights are all there is.
    else this.rebase({ ...this.#base, ...this.#latest, parameters });
  }

  /** Moves the base forward. */
  rebase(base: RecoveryBase): void {
    if (base.step <= this.#base.step) return;
    if (base.parameters !== this.#base.parameters) this.#dropped.push(this.#base.parameters);
    this.#base = base;
    this.#steps = this.#steps.filter(({ step }) => step > base.step);
  }

  /** Parameters that the log held and needs no more, once. */
  dropped(): ParameterTensors[] {
    const dropped = this.#dropped;
    this.#dropped = [];
    return dropped;
  }
}
