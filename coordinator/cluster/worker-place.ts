import { LocopropError } from '../../core/errors/error.js';
import { inFloat32, type Matrix } from '../../core/matrix.js';
import type { LayerState } from '../../core/state.js';
import type { OutgoingTensor, TensorHeader } from '../../services/rpc/messages.js';
import { encodeRoutine } from '../../services/rpc/routine-codec.js';
import type { PlaceOffer } from '../planner/plan.js';
import type { PartProblem, PartRule, PartSlots, PartSolution, Place, ResidentPart } from './place.js';
import { SolveWatch } from './solve-watch.js';
import type { Answer, Receive, WorkerLink } from './worker-link.js';

/** Loading takes that long besides its bytes, as when a session is made for new shapes. */
const LOAD_MS = 1000;

/** A worker as a place. */
export class WorkerPlace implements Place {
  readonly offer: PlaceOffer;
  readonly #link: WorkerLink;
  readonly #watch = new SolveWatch();
  #parts = 0;
  #solves = 0;
  #busySeconds = 0;
  leaving = false;

  /** @param bandwidth bytes a second */
  constructor(name: string, link: WorkerLink, bandwidth: number) {
    const { gflops, memoryBytes } = link.hello;
    this.offer = { id: name, local: false, gflops, bandwidth, memoryBytes };
    this.#link = link;
  }

  get lost(): AbortSignal {
    return this.#link.lost;
  }

  get work(): Place['work'] {
    return { busySeconds: this.#busySeconds, solves: this.#solves, bytes: this.#link.bytes };
  }

  /** The connection, for those who end it. */
  get link(): WorkerLink {
    return this.#link;
  }

  async load(rule: PartRule, state: LayerState, step: number): Promise<ResidentPart> {
    const part = ++this.#parts;
    const { layer, start, end } = rule.columns;
    const sent: OutgoingTensor[] = [];
    const announce = (matrix: Matrix): TensorHeader => {
      const outgoing = this.#link.outgoing(inFloat32(matrix), 'f32', [start, end]);
      sent.push(outgoing);
      return outgoing.header;
    };
    const announceAll = (matrices: LayerState['weightSlots']): Record<string, TensorHeader> =>
      Object.fromEntries(Object.entries(matrices).map(([name, matrix]) => [name, announce(matrix)]));
    const fields = {
      part,
      layer,
      start,
      end,
      routine: encodeRoutine(rule.program.routine),
      exact: rule.program.exact,
      step,
      updates: state.updates,
      weights: announce(state.weights),
      bias: announce(state.bias),
      weightSlots: announceAll(state.weightSlots),
      biasSlots: announceAll(state.biasSlots),
      batch: rule.batch,
      resultType: rule.wire === 'bf16' ? 'ELEMENT_TYPE_BF16' : 'ELEMENT_TYPE_F32',
    } as const;
    await this.#link.request(
      (request) => ({ message: 'load', load: { request, ...fields } }),
      sent,
      LOAD_MS + this.#transferMs(sent),
      () => undefined,
    );
    return new WorkerPart(this, rule, part, state.weights.rows, {
      watch: this.#watch,
      transferMs: (tensors) => this.#transferMs(tensors),
      onSolved: (seconds) => {
        this.#solves += 1;
        this.#busySeconds += seconds;
      },
    });
  }

  dismiss(): void {
    this.#link.end('it has no part any more', false);
  }

  #transferMs(tensors: readonly OutgoingTensor[]): number {
    const bytes = tensors.reduce((total, { header }) => total + 4 * header.rows * header.columns, 0);
    return (1000 * bytes) / this.offer.bandwidth;
  }
}

interface PartContext {
  readonly watch: SolveWatch;
  readonly transferMs: (tensors: readonly OutgoingTensor[]) => number;
  readonly onSolved: (seconds: number) => void;
}

class WorkerPart implements ResidentPart {
  readonly #place: WorkerPlace;
  readonly #rule: PartRule;
  readonly #part: number;
  readonly #inputs: number;
  readonly #context: PartContext;

  constructor(place: WorkerPlace, rule: PartRule, part: number, inputs: number, context: PartContext) {
    this.#place = place;
    this.#rule = rule;
    this.#part = part;
    this.#inputs = inputs;
    this.#context = context;
  }

  async solve({ step, attempt, inputs, displacement, numbers }: PartProblem): Promise<PartSolution> {
    const { link, offer } = this.#place;
    const { wire, columns } = this.#rule;
    const x = link.outgoing(inputs, wire);
    const r = link.outgoing(displacement, wire, [columns.start, columns.end]);
    const operations =
      2 * inputs.rows * this.#inputs * (columns.end - columns.start) * 2 * (numbers.passes.length + 2);
    const weightsMs = (1000 * 4 * this.#inputs * (columns.end - columns.start)) / offer.bandwidth;
    const fields = {
      part: this.#part,
      step,
      attempt,
      inputs: x.header,
      displacement: r.header,
      scalars: { values: numbers.scalars },
      passes: numbers.passes.map((values) => ({ values })),
      updates: numbers.updates,
    };
    const watched = this.#context.watch.begin();
    const solution = await link.request(
      (request) => ({ message: 'solve', solve: { request, ...fields } }),
      [x, r],
      operations / (offer.gflops * 1e6) + this.#context.transferMs([x, r]) + weightsMs,
      (answer, receive) => {
        watched.answered();
        return this.#takeSolution(answer, receive);
      },
      watched.sent,
    );
    const { seconds } = solution.report;
    this.#context.onSolved(seconds);
    return { ...solution, times: watched.times(seconds) };
  }

  async #takeSolution(answer: Answer, receive: Receive): Promise<PartSolution> {
    if (answer.message !== 'solved') throw this.#unfit(`${answer.message} answers a solve`);
    const { weights, bias, objectiveBefore, objectiveAfter, displacementEnergy, finite, seconds } =
      answer.solved;
    const own = [this.#receive(weights, this.#inputs, receive), this.#receive(bias, 1, receive)] as const;
    const matrices = await Promise.all(own);
    const report = {
      objectiveBefore: objectiveBefore ?? null,
      objectiveAfter: objectiveAfter ?? null,
      displacementEnergy,
      finite,
      seconds,
    };
    return { weights: matrices[0], bias: matrices[1], report };
  }

  settle(step: number, accepted: boolean): void {
    const { link } = this.#place;
    if (link.lost.aborted) return;
    link.send({ message: 'settle', settle: { part: this.#part, step, accepted } });
  }

  fetch(step: number): Promise<PartSlots> {
    const { link, offer } = this.#place;
    const bytes = 8 * this.#inputs * (this.#rule.columns.end - this.#rule.columns.start);
    return link.request(
      (request) => ({ message: 'fetch', fetch: { request, part: this.#part, step } }),
      [],
      LOAD_MS + (1000 * bytes) / offer.bandwidth,
      (answer, receive) => this.#takeSlots(answer, receive),
    );
  }

  async #takeSlots(answer: Answer, receive: Receive): Promise<PartSlots> {
    if (answer.message !== 'state') throw this.#unfit(`${answer.message} answers a fetch`);
    const all = async (
      headers: Readonly<Record<string, TensorHeader>>,
      rows: number,
    ): Promise<Record<string, Matrix>> => {
      const begun = Object.entries(headers).map(
        ([slot, header]) => [slot, this.#receive(header, rows, receive)] as const,
      );
      const entries = begun.map(async ([slot, matrix]) => [slot, await matrix] as const);
      return Object.fromEntries(await Promise.all(entries));
    };
    const { weightSlots, biasSlots } = answer.state;
    const [weights, bias] = await Promise.all([all(weightSlots, this.#inputs), all(biasSlots, 1)]);
    return { weightSlots: weights, biasSlots: bias };
  }

  /** Receives a matrix of the part, whose shape is known: nothing else takes memory. */
  #receive(header: TensorHeader | null, rows: number, receive: Receive): Promise<Matrix<Float32Array>> {
    const columns = this.#rule.columns.end - this.#rule.columns.start;
    if (header?.rows !== rows || header.columns !== columns) {
      throw this.#unfit(
        `a matrix of ${header?.rows ?? 0}×${header?.columns ?? 0} came in place of ${rows}×${columns}`,
      );
    }
    return receive(header);
  }

  unload(): void {
    const { link } = this.#place;
    if (!link.lost.aborted) link.send({ message: 'unload', unload: { part: this.#part } });
  }

  #unfit(reason: string): LocopropError {
    return new LocopropError('CLUSTER_PEER_INVALID', { peer: this.#place.offer.id, reason });
  }
}
