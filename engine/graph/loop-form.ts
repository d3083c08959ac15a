import type { CompiledRoutine } from '../../core/expression/routine.js';

/** What becomes of a loop in a graph. */
export interface LoopForm {
  /**
   * At most so many passes of a loop are written out in one graph, one after the other. That leaves the runtime free
   * to plan memory over all of them: it updates weights and slots in place, where a loop in the graph gives each pass
   * fresh buffers.
   */
  readonly mostUnrolledPasses: number;
  /**
   * What becomes of more passes, or of those that a condition may end: a loop in the graph, or several calls, with
   * the values between them left where they are.
   */
  readonly longLoops: 'node' | 'calls';
}

/** Whether a graph is for one number of passes only. */
export const isUnrolled = (
  { loop }: CompiledRoutine,
  passes: number,
  { mostUnrolledPasses }: LoopForm,
): boolean => loop !== null && loop.while === null && passes <= mostUnrolledPasses;
