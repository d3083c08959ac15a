import { COUNTING_INPUTS } from '../core/exact.js';
import { compileRoutine, type Routine } from '../core/expression/routine.js';
import { memoized } from '../engine/memo.js';
import type { SolveProgram } from '../engine/solve.js';
import type { Load, RoutineMessage } from '../services/rpc/messages.js';
import { decodeRoutine } from '../services/rpc/routine-decode.js';
import { contentKey } from './content-key.js';
import { requireSameNames, type PartShape } from './part-shape.js';
import { invalid, Refusal } from './refusal.js';

/** Names of the matrices that a routine reads. */
const inputsOf = memoized((routine: Routine) => compileRoutine(routine).inputs);

/**
 * How parts are solved. Engines keep what they compile by the identity of a routine: the same routine, sent
 * again for another part, in another run, is the same object, as long as some part has it.
 */
export class Programs {
  readonly #decoded = new Map<string, WeakRef<Routine>>();

  /** The program of a Load, which must fit the part. @throws Refusal */
  programOf({ routine: message, exact }: Load, { slots }: PartShape): SolveProgram {
    if (!message) throw invalid('no routine');
    const routine = this.#decode(message);
    const named = (weights: string, bias: string): string[] =>
      [weights, bias].flatMap((name) => [name, ...slots.map((slot) => `${name}.${slot}`)]);
    requireSameNames('outputs of the routine', routine.outputs, named('weights', 'bias'));
    const known = new Set(['inputs', 'displacement', ...named('initialWeights', 'initialBias')]);
    if (exact) for (const name of COUNTING_INPUTS) known.add(name);
    const unknown = inputsOf(routine).find((name) => !known.has(name));
    if (unknown !== undefined) throw invalid(`the routine reads "${unknown}", which a worker does not have`);
    if (!routine.numbers?.includes('displacementEnergy')) {
      throw invalid('the routine gives no displacementEnergy');
    }
    return { routine, exact };
  }

  #decode(message: RoutineMessage): Routine {
    const key = contentKey(message);
    const known = this.#decoded.get(key)?.deref();
    if (known) return known;
    for (const [gone, routine] of this.#decoded) if (!routine.deref()) this.#decoded.delete(gone);
    const decoded = decode(message);
    this.#decoded.set(key, new WeakRef(decoded));
    return decoded;
  }
}

/** @throws Refusal also for one that cannot be compiled */
function decode(message: RoutineMessage): Routine {
  try {
    const routine = decodeRoutine(message, 'coordinator');
    inputsOf(routine);
    return routine;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Refusal('REFUSAL_CODE_INVALID', error.message, { cause: error });
  }
}
