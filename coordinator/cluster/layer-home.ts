import { joinColumns } from '../../core/column-range.js';
import { LocopropError } from '../../core/errors/error.js';
import type { LayerRule } from '../../core/layer.js';
import type { Matrix } from '../../core/matrix.js';
import type { LayerState } from '../../core/state.js';
import type { Engine } from '../../engine/engine.js';
import type { ParameterTensors } from '../../engine/layer-tensors.js';
import { solveProgram, solveScalars, type SolveScalars } from '../../engine/solve.js';
import { addDifferences } from '../../services/rpc/bfloat16.js';
import { deferred, type Deferred } from '../pool/deferred.js';
import type { LayerReport, PlacedProblem } from '../pool/layer-pool.js';
import { PartHome, type Recovery } from './part-home.js';
import type { Columns, PartProblem, PartSolution, Place, WireFormat } from './place.js';
import { RecoveryLog, type RecoveryStart } from './recovery-log.js';

/** What a layer's home needs of the pool around it. */
export interface LayerSurroundings {
  readonly engine: Engine;
  readonly wire: WireFormat;
  /** Report objectives, which the guard needs; costs a product a solve. */
  readonly objective: boolean;
  /** Examples of a batch. */
  readonly batch: number;
  /** Somewhere to put a part that lost its place; waits until there is one. */
  readonly choosePlace: (columns: Columns) => Promise<Place>;
  readonly onRecovered: (recovery: Recovery) => void;
  /** Told of each part that was solved, and how long its place was busy with it. */
  readonly onSolved: (part: Pick<PartHome, 'columns' | 'place'>, seconds: number) => void;
}

/** A step's problem while it is being solved. */
interface Current {
  readonly step: number;
  readonly inputs: Matrix<Float32Array>;
  readonly displacement: Matrix<Float32Array>;
  numbers: SolveScalars;
  attempt: number;
  solutions: readonly { readonly columns: Columns; readonly solution: PartSolution }[];
}

/** A layer: its weights on the coordinator's engine, its parts on their places. */
export class LayerHome {
  readonly #rule: LayerRule;
  readonly #around: LayerSurroundings;
  readonly #log: RecoveryLog;
  #parts: PartHome[] = [];
  #settled: ParameterTensors;
  /** Parameters that somebody may still read until the commit. */
  #held: ParameterTensors[] = [];
  #current: Current | null = null;
  #pending: Deferred<ParameterTensors> | null = null;

  private constructor(rule: LayerRule, around: LayerSurroundings, log: RecoveryLog) {
    this.#rule = rule;
    this.#around = around;
    this.#log = log;
    this.#settled = log.parameters;
  }

  /** @param step the committed step that the state is of */
  static async create(
    rule: LayerRule,
    state: LayerState,
    step: number,
    around: LayerSurroundings,
  ): Promise<LayerHome> {
    const { engine } = around;
    const [weights, bias] = [await engine.upload(state.weights), await engine.upload(state.bias)];
    const { weightSlots, biasSlots, updates } = state;
    const log = new RecoveryLog({ step, parameters: { weights, bias }, weightSlots, biasSlots, updates });
    return new LayerHome(rule, around, log);
  }

  get parts(): readonly PartHome[] {
    return this.#parts;
  }

  /** The step that slots and weights are at hand of. */
  get recoveryStep(): number {
    return this.#log.step;
  }

  parameters(): Promise<ParameterTensors> {
    return this.#pending?.promise ?? Promise.resolve(this.#settled);
  }

  async solve(
    { step, attempt, rateFactor, ...problem }: PlacedProblem,
    swept: Promise<unknown>,
  ): Promise<LayerReport> {
    this.#pending ??= deferred();
    try {
      this.#current ??= await this.#begin(step, problem);
      const current = this.#current;
      const { updates } = this.#log;
      current.numbers = solveScalars(this.#rule, { examples: current.inputs.rows, rateFactor, updates });
      current.attempt = attempt;
      const own: PartProblem = { ...current, swept };
      const solved = await Promise.all(this.#parts.map((part) => part.solve(own)));
      for (const [index, part] of this.#parts.entries()) {
        this.#around.onSolved(part, solved[index]!.report.seconds);
      }
      current.solutions = this.#parts.map(({ columns }, index) => ({ columns, solution: solved[index]! }));
      return sumOf(solved.map(({ report }) => report));
    } catch (error) {
      this.#pending.reject(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  async #begin(step: number, problem: Pick<PlacedProblem, 'inputs' | 'displacement'>): Promise<Current> {
    const { engine } = this.#around;
    const [inputs, displacement] = await Promise.all([
      engine.download(problem.inputs),
      engine.download(problem.displacement),
    ]);
    return {
      step,
      inputs: requireFloat32(inputs),
      displacement: requireFloat32(displacement),
      numbers: { scalars: {}, passes: [], updates: 0 },
      attempt: 0,
      solutions: [],
    };
  }

  async settle(accepted: boolean): Promise<void> {
    const current = this.#current!;
    this.#current = null;
    for (const part of this.#parts) part.settle(current.step, accepted);
    if (accepted) {
      this.#held.push(this.#settled);
      this.#settled = await this.#assemble(current);
    }
    const { step, inputs, displacement, numbers, attempt } = current;
    const swept = Promise.resolve();
    this.#log.add({ step, inputs, displacement, numbers, attempt, swept, accepted }, this.#settled);
    this.#pending?.resolve(this.#settled);
    this.#pending = null;
  }

  /** The layer's parameters after a step, on the engine. */
  async #assemble({ solutions }: Current): Promise<ParameterTensors> {
    const { engine, wire } = this.#around;
    const parts = solutions.map(({ columns: { start }, solution: { weights, bias } }) => ({
      start,
      matrices: { weights, bias },
    }));
    const all = parts.length === 1 ? parts[0]!.matrices : joinColumns(parts, this.#rule.units);
    const whole = async (name: 'weights' | 'bias'): Promise<Matrix<Float32Array>> => {
      const matrix = all[name];
      if (wire === 'f32') return matrix;
      // The worker adds the same rounded difference to the same number.
      return addDifferences(requireFloat32(await engine.download(this.#settled[name])), matrix);
    };
    const [weights, bias] = [await whole('weights'), await whole('bias')];
    return { weights: await engine.upload(weights), bias: await engine.upload(bias) };
  }

  /** Releases what only a step that has ended could read. */
  commit(): void {
    const { engine } = this.#around;
    this.#held.push(...this.#log.dropped());
    const kept = this.#held.filter((held) => held === this.#log.parameters);
    const released = new Set(this.#held.filter((held) => held !== this.#settled && !kept.includes(held)));
    for (const { weights, bias } of released) engine.release([weights, bias]);
    this.#held = kept;
  }

  /**
   * Gets the slots of the settled step home, so that recovery begins there.
   * @param patient recovers a part that is lost meanwhile; else its loss ends the attempt
   */
  async bringSlotsHome(patient: boolean): Promise<void> {
    const { step, updates } = this.#log.latest;
    if (this.#log.step === step) return;
    const parameters = this.#settled;
    const parts = this.#parts;
    const fetched = await Promise.all(parts.map((part) => part.fetch(step, patient)));
    const slots = (name: 'weightSlots' | 'biasSlots'): Record<string, Matrix> => {
      const own = parts.map(({ columns: { start } }, index) => ({ start, matrices: fetched[index]![name] }));
      return joinColumns(own, this.#rule.units);
    };
    const base = {
      step,
      parameters,
      weightSlots: slots('weightSlots'),
      biasSlots: slots('biasSlots'),
      updates,
    };
    this.#log.rebase(base);
  }

  /** Weights and slots as of the settled step. */
  async state(): Promise<LayerState> {
    await this.bringSlotsHome(true);
    const { state } = await this.#recoveryStart();
    return state;
  }

  async #recoveryStart(): Promise<RecoveryStart> {
    const { engine } = this.#around;
    const { base, steps } = this.#log;
    const { step, parameters, weightSlots, biasSlots, updates } = base;
    // Asked for at once: slots that come home meanwhile move the base, and these tensors are released.
    const [weights, bias] = await Promise.all([
      engine.download(parameters.weights),
      engine.download(parameters.bias),
    ]);
    return { step, state: { weights, bias, weightSlots, biasSlots, updates }, steps };
  }

  /** Puts the layer's parts where a plan has them; parts that stay where they are are not touched. */
  async arrange(planned: readonly { readonly columns: Columns; readonly place: Place }[]): Promise<void> {
    const stays = planned.map(
      (part) => this.#parts.find((own) => own.isAt(part.columns, part.place)) ?? null,
    );
    const leaving = this.#parts.filter((part) => !stays.includes(part));
    if (leaving.length > 0) await this.bringSlotsHome(true);
    this.#parts = planned.map(({ columns, place }, index) => stays[index] ?? this.#newPart(columns, place));
    for (const part of leaving) part.unload();
    await Promise.all(this.#parts.map((part) => part.ready()));
  }

  #newPart(columns: Columns, place: Place): PartHome {
    const { wire, batch, objective, choosePlace, onRecovered } = this.#around;
    const program = solveProgram(this.#rule, { preactivationKnown: false, objective });
    return new PartHome({ columns, program, batch, wire }, place, {
      recoveryStart: () => this.#recoveryStart(),
      choosePlace,
      onRecovered,
    });
  }

  close(): void {
    for (const part of this.#parts) part.unload();
    const { engine } = this.#around;
    const all = new Set([...this.#held, ...this.#log.dropped(), this.#log.parameters, this.#settled]);
    for (const { weights, bias } of all) engine.release([weights, bias]);
  }
}

const requireFloat32 = ({ rows, columns, data }: Matrix): Matrix<Float32Array> => {
  if (data instanceof Float32Array) return { rows, columns, data };
  throw new LocopropError('ENGINE_CALL_FAILED', {
    engine: 'of the coordinator',
    reason: 'workers need an engine that computes in float32',
  });
};

/** What came of all parts together. */
function sumOf(reports: readonly LayerReport[]): LayerReport {
  const total = (value: (report: LayerReport) => number): number =>
    reports.reduce((sum, report) => sum + value(report), 0);
  const known = reports.every(
    ({ objectiveBefore, objectiveAfter }) => objectiveBefore !== null && objectiveAfter !== null,
  );
  return {
    objectiveBefore: known ? total(({ objectiveBefore }) => objectiveBefore!) : null,
    objectiveAfter: known ? total(({ objectiveAfter }) => objectiveAfter!) : null,
    displacementEnergy: total(({ displacementEnergy }) => displacementEnergy),
    finite: reports.every(({ finite }) => finite),
    seconds: total(({ seconds }) => seconds),
  };
}
