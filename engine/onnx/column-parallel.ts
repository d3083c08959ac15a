import { takeColumns } from '../../core/column-range.js';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import { messageOf } from '../../core/errors/message.js';
import type { Matrix } from '../../core/matrix.js';
import type { Backend, BackendCall, BackendOptions } from '../backend.js';
import type { EngineInfo } from '../engine.js';
import type { OnnxBackend } from './backend.js';
import { ColumnTensor, type Part } from './column-tensor.js';
import { dividedWidths, divisionOf, type Division } from './division.js';
import { ColumnThread, takeNumbers, type ColumnThreadAnswer } from './column-thread.js';
import { HostMemory, type HostTensor } from './host-memory.js';
import { processorBackend } from './processor-backend.js';

/** Who takes columns has memory and a copy of X of its own; beyond so many, each computes with several threads. */
const MOST_THREADS = 8;

type Call = BackendCall<ColumnTensor>;

/** What one thread computes its columns from. */
interface Share {
  readonly inputs: ReadonlyMap<string, HostTensor>;
  /** Names of those made for this call; the others are parts, or the wholes, of the call's inputs. */
  readonly copies: ReadonlySet<string>;
}

/**
 * Several threads, each of which takes some columns of a layer through all local iterations. Threads that share
 * each operation wait for one another after every one, a hundred times a solve, and find half of what they
 * read in another one's cache. What cannot be solved by columns is shared that way all the same.
 */
export class ColumnParallelBackend implements Backend<ColumnTensor> {
  readonly #memory = new HostMemory();
  readonly #together: OnnxBackend<HostTensor>;
  /** Computes the first columns, in this thread. */
  readonly #own: OnnxBackend<HostTensor>;
  /** How many compute columns, this thread among them, and how each does. */
  readonly #threads: number;
  readonly #each: BackendOptions;
  /** The others, from the first time on that they have something to do. */
  #helpers: readonly ColumnThread[] = [];

  constructor({ threads, sharesProcessors }: BackendOptions) {
    this.#each = { threads: Math.ceil(threads / MOST_THREADS), sharesProcessors };
    this.#threads = Math.floor(threads / this.#each.threads);
    this.#together = processorBackend({ threads, sharesProcessors }, this.#memory);
    this.#own = processorBackend(this.#each, this.#memory);
  }

  get info(): EngineInfo {
    return this.#together.info;
  }

  get sessions(): number {
    return this.#together.sessions + this.#own.sessions;
  }

  async upload(matrix: Matrix): Promise<ColumnTensor> {
    return ColumnTensor.ofWhole(await this.#together.upload(matrix));
  }

  async download(tensor: ColumnTensor): Promise<Matrix> {
    if (tensor.whole) return this.#together.download(tensor.whole);
    const [rows, columns] = tensor.shape;
    const data = new Float32Array(rows * columns);
    tensor.join(data);
    return { rows, columns, data };
  }

  run(call: Call): Promise<Map<string, ColumnTensor>> {
    const division = divisionOf(call.routine);
    const widths = division && dividedWidths(call, division, this.#threads);
    return widths ? this.#runDivided(call, division, widths) : this.#runTogether(call);
  }

  release({ whole, parts }: ColumnTensor): void {
    if (whole) this.#memory.release(whole);
    for (const part of parts) this.#releasePart(part);
  }

  async close(): Promise<void> {
    await Promise.all(this.#helpers.map((helper) => helper.close()));
    await this.#own.close();
    await this.#together.close();
  }

  #releasePart({ tensor, maker }: Part): void {
    if (maker) maker.give(tensor);
    else this.#memory.release(tensor);
  }

  async #runTogether({ inputs, ...call }: Call): Promise<Map<string, ColumnTensor>> {
    const wholes = new Map(Array.from(inputs, ([name, tensor]) => [name, this.#wholeOf(tensor)]));
    const results = await this.#together.run({ ...call, inputs: wholes });
    return new Map(Array.from(results, ([name, tensor]) => [name, ColumnTensor.ofWhole(tensor)]));
  }

  #wholeOf(tensor: ColumnTensor): HostTensor {
    if (!tensor.whole) {
      tensor.whole = this.#memory.allocate(tensor.shape);
      tensor.join(tensor.whole.data);
    }
    return tensor.whole;
  }

  async #runDivided(
    call: Call,
    { shared, perColumn, divided }: Division,
    widths: readonly number[],
  ): Promise<Map<string, ColumnTensor>> {
    const computed = shared
      ? await this.#runTogether({ ...call, routine: shared, inputs: pick(call.inputs, shared.inputs) })
      : new Map<string, ColumnTensor>();
    try {
      const inputs = pick(new Map([...call.inputs, ...computed]), perColumn.inputs);
      return await this.#runApart({ ...call, routine: perColumn, inputs }, divided, widths);
    } finally {
      for (const tensor of computed.values()) this.release(tensor);
    }
  }

  async #runApart(
    { routine, inputs, scalars, passes }: Call,
    divided: ReadonlySet<string>,
    widths: readonly number[],
  ): Promise<Map<string, ColumnTensor>> {
    const starts = widths.map((_, part) => widths.slice(0, part).reduce((total, width) => total + width, 0));
    const shareOf = (part: number): Share =>
      this.#shareOf(inputs, divided, part, starts[part]!, widths[part]!);
    const call = { routine, scalars, passes };
    const helped = this.#startedHelpers()
      .slice(0, widths.length - 1)
      .map((helper, index) => {
        const share = shareOf(index + 1);
        return { share, answer: helper.run({ ...call, inputs: share.inputs }) };
      });
    // Last, as it keeps this thread until it is done.
    const share = shareOf(0);
    const own = { share, answer: this.#runOwn({ ...call, inputs: share.inputs }) };
    const shared = [own, ...helped];
    const answers = await Promise.all(shared.map(({ answer }) => answer));
    for (const [part, answer] of answers.entries()) this.#takeBack(inputs, shared[part]!.share, answer, part);
    return this.#sideBySide(routine, answers);
  }

  #startedHelpers(): readonly ColumnThread[] {
    if (this.#helpers.length === 0) {
      this.#helpers = Array.from({ length: this.#threads - 1 }, () => new ColumnThread(this.#each));
    }
    return this.#helpers;
  }

  /** The columns from `start` on, of what is divided, and all of the rest. */
  #shareOf(
    inputs: Call['inputs'],
    divided: ReadonlySet<string>,
    part: number,
    start: number,
    width: number,
  ): Share {
    const copies = new Set<string>();
    const taken = new Set<HostTensor>();
    const shared = (name: string, tensor: ColumnTensor): HostTensor => {
      const known = divided.has(name) ? tensor.parts[part]?.tensor : part === 0 && this.#wholeOf(tensor);
      // A matrix cannot move to another thread twice.
      if (known && !taken.has(known)) {
        taken.add(known);
        return known;
      }
      copies.add(name);
      return divided.has(name) ? this.#columnsOf(tensor, start, width) : this.#columnsOf(tensor, 0);
    };
    return { inputs: new Map(Array.from(inputs, ([name, tensor]) => [name, shared(name, tensor)])), copies };
  }

  #columnsOf(tensor: ColumnTensor, start: number, width = tensor.shape[1]): HostTensor {
    const [rows, columns] = tensor.shape;
    const own = this.#memory.allocate([rows, width]);
    const { data } = this.#wholeOf(tensor);
    if (width === columns) own.data.set(data);
    else takeColumns({ rows, columns, data }, start, start + width, own.data);
    return own;
  }

  /** As another thread answers. */
  async #runOwn(call: BackendCall<HostTensor>): Promise<ColumnThreadAnswer> {
    const { inputs, routine } = call;
    try {
      const results = await this.#own.run(call);
      return { inputs, results: takeNumbers(routine, results, this.#memory) };
    } catch (error) {
      return { inputs, failure: messageOf(error) };
    }
  }

  /** Puts parts that were elsewhere back into the tensors that they are of. */
  #takeBack(inputs: Call['inputs'], { copies }: Share, answer: ColumnThreadAnswer, part: number): void {
    for (const [name, tensor] of answer.inputs) {
      if (copies.has(name)) this.#memory.release(tensor);
      else if (part > 0) inputs.get(name)!.replacePart(part, tensor);
    }
  }

  async #sideBySide(
    { outputs, numbers }: CompiledRoutine,
    answers: readonly ColumnThreadAnswer[],
  ): Promise<Map<string, ColumnTensor>> {
    const makers = [null, ...this.#helpers];
    const solved = answers.flatMap((answer, part) =>
      'results' in answer ? { part, ...answer.results } : [],
    );
    const partsOf = (name: string): Part[] =>
      solved.map(({ part, outputs: own }) => ({ tensor: own.get(name)!, maker: makers[part]! }));
    const failed = answers.find((answer) => 'failure' in answer);
    if (failed) {
      for (const part of outputs.flatMap(partsOf)) this.#releasePart(part);
      throw new Error(failed.failure);
    }
    const results = new Map(outputs.map((name) => [name, ColumnTensor.ofParts(partsOf(name))]));
    for (const name of numbers) {
      const total = solved.reduce((sum, { numbers: own }) => sum + own[name]!, 0);
      results.set(name, await this.upload({ rows: 1, columns: 1, data: Float32Array.of(total) }));
    }
    return results;
  }
}

const pick = (inputs: Call['inputs'], names: readonly string[]): Map<string, ColumnTensor> =>
  new Map(names.map((name) => [name, inputs.get(name)!]));
