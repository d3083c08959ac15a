import type { Matrix } from '../core/matrix.js';
import type { LayerState } from '../core/state.js';
import type { Engine } from '../engine/engine.js';
import { layerTensors, uploadLayer, type LayerTensors } from '../engine/layer-tensors.js';
import { solveProblem, type LocalProblem, type Solution, type SolveProgram } from '../engine/solve.js';
import type { ElementType, Settle, Solve } from '../services/rpc/messages.js';
import { agree, downloadFloat32, type SentParameters } from './agreement.js';
import type { PartLabel } from '../services/telemetry/worker-events.js';
import { digestOf, type Problem } from './problem.js';
import { Refusal } from './refusal.js';
import { Sequence } from './sequence.js';
import { requireFinite, requireSameShapes } from './state-checks.js';

/** What is known of a part before its matrices have come. */
export interface PartPlan {
  readonly label: PartLabel;
  readonly program: SolveProgram;
  /** The step whose state is loaded. */
  readonly step: number;
  readonly resultType: ElementType;
  /** Set aside for it. */
  readonly bytes: number;
}

/** What the coordinator is told of a solve. */
export interface Answer extends SentParameters, Omit<Solution, 'state'> {
  /** Whether it was kept from an earlier request and not computed again. */
  readonly repeated: boolean;
}

/** What a request to settle did: nothing where the step was settled before, or cannot be settled yet. */
export type Settlement = 'settled' | 'repeated' | 'impossible';

/** A solution that is not settled yet. */
interface Candidate {
  readonly attempt: number;
  /** Of all that the solution depends on, besides the settled state. */
  readonly digest: string;
  readonly state: LayerTensors;
  readonly answer: Answer;
}

type SlotMatrices = Readonly<Record<string, Matrix<Float32Array>>>;

export interface SlotState {
  readonly updates: number;
  readonly weightSlots: SlotMatrices;
  readonly biasSlots: SlotMatrices;
}

/** A part on the engine: its settled state and, beside it, the last solution. Requests are carried out in order. */
export class ResidentPart {
  readonly plan: PartPlan;
  readonly #engine: Engine;
  readonly #turns: Sequence;
  readonly #sequence = new Sequence();
  #step: number;
  /** Null before it is loaded and after it was unloaded. */
  #state: LayerTensors | null = null;
  #candidate: Candidate | null = null;

  /** @param turns that all parts on the engine share */
  constructor(engine: Engine, plan: PartPlan, turns: Sequence) {
    this.#engine = engine;
    this.plan = plan;
    this.#turns = turns;
    this.#step = plan.step;
  }

  load(arriving: Promise<LayerState>): Promise<void> {
    return this.#sequence.run(arriving, async (state) => {
      requireFinite(state);
      this.#state = await uploadLayer(this.#engine, state);
    });
  }

  solve(request: Solve, arriving: Promise<Problem>): Promise<Answer> {
    return this.#sequence.run(arriving, (problem) => this.#solve(request, problem));
  }

  settle({ step, accepted }: Omit<Settle, 'part'>): Promise<Settlement> {
    return this.#sequence.run(Promise.resolve(), () => Promise.resolve(this.#settle(step, accepted)));
  }

  /** The slots of the settled state. */
  slots(step: number): Promise<SlotState> {
    return this.#sequence.run(Promise.resolve(), async () => {
      const { weightSlots, biasSlots, updates } = this.#loaded();
      if (step !== this.#step) throw this.#stale(step);
      return {
        updates,
        weightSlots: await this.#downloadAll(weightSlots),
        biasSlots: await this.#downloadAll(biasSlots),
      };
    });
  }

  unload(): Promise<void> {
    return this.#sequence.run(Promise.resolve(), () => {
      this.#dropCandidate();
      if (this.#state) this.#engine.release(layerTensors(this.#state));
      this.#state = null;
      return Promise.resolve();
    });
  }

  async #solve(request: Solve, problem: Problem): Promise<Answer> {
    const { step, attempt } = request;
    const before = this.#loaded();
    if (step !== this.#step + 1) throw this.#stale(step);
    const digest = digestOf(request, problem);
    const kept = this.#candidate;
    if (kept?.attempt === attempt && kept.digest === digest) return { ...kept.answer, repeated: true };
    if (kept && attempt < kept.attempt) {
      throw new Refusal('REFUSAL_CODE_STEP_STALE', `attempt ${attempt} comes after attempt ${kept.attempt}`);
    }
    // Memory is set aside for two states, not for three.
    this.#dropCandidate();
    const uploaded = Promise.all([
      this.#engine.upload(problem.inputs),
      this.#engine.upload(problem.displacement),
    ]);
    // The engine does one thing after the other: were the next problem begun first, the answer would wait for it.
    this.#candidate = await this.#turns.run(uploaded, async ([inputs, displacement]) => {
      const { state, ...report } = await this.#compute(request, { inputs, displacement }, before);
      const agreed = await this.#agree(before, state);
      return {
        attempt,
        digest,
        state: agreed.state,
        answer: { ...agreed.sent, ...report, repeated: false },
      };
    });
    return this.#candidate.answer;
  }

  async #compute(
    { scalars, passes, updates }: Solve,
    problem: LocalProblem,
    before: LayerTensors,
  ): Promise<Solution> {
    try {
      return await solveProblem(this.#engine, this.plan.program, problem, before, {
        scalars: scalars?.values ?? {},
        passes: passes.map(({ values }) => values),
        updates,
      });
    } finally {
      this.#engine.release([problem.inputs, problem.displacement]);
    }
  }

  async #agree(before: LayerTensors, solved: LayerTensors): ReturnType<typeof agree> {
    try {
      requireSameShapes(before, solved);
      return await agree(this.#engine, before, solved, this.plan.resultType);
    } catch (error) {
      this.#engine.release(layerTensors(solved));
      throw error;
    }
  }

  #settle(step: number, accepted: boolean): Settlement {
    if (step === this.#step) return 'repeated';
    if (!this.#state || step !== this.#step + 1) return 'impossible';
    if (accepted) {
      // Without a solution the step stays as it is, and the next request is refused as stale.
      if (!this.#candidate) return 'impossible';
      this.#engine.release(layerTensors(this.#state));
      this.#state = this.#candidate.state;
      this.#candidate = null;
    } else {
      this.#dropCandidate();
    }
    this.#step = step;
    return 'settled';
  }

  #dropCandidate(): void {
    if (this.#candidate) this.#engine.release(layerTensors(this.#candidate.state));
    this.#candidate = null;
  }

  #loaded(): LayerTensors {
    if (this.#state) return this.#state;
    throw new Refusal('REFUSAL_CODE_PART_UNKNOWN', 'the part was not loaded');
  }

  #stale(step: number): Refusal {
    const reason = `step ${step} was asked for, and step ${this.#step} is settled`;
    return new Refusal('REFUSAL_CODE_STEP_STALE', reason);
  }

  async #downloadAll(slots: LayerTensors['weightSlots']): Promise<SlotMatrices> {
    const matrices: Record<string, Matrix<Float32Array>> = {};
    for (const [slot, tensor] of Object.entries(slots)) {
      matrices[slot] = await downloadFloat32(this.#engine, tensor);
    }
    return matrices;
  }
}
