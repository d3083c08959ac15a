import { emptyProgram, type Instruction, type Program } from '../../core/expression/program.js';
import type { CompiledRoutine } from '../../core/expression/routine.js';

/** A routine with a loop as three: what comes before it, some of its passes, and what comes after them. */
export interface Pieces {
  readonly before: CompiledRoutine;
  /** Its number is the condition of the last pass, 1 or 0, where one may end the loop. */
  readonly passes: CompiledRoutine;
  readonly after: CompiledRoutine;
}

/** Each piece reads what the caller supplies, what `before` bound, and what the last passes left. */
export function piecesOf(routine: CompiledRoutine): Pieces {
  const { name, setup, loop, final } = routine;
  if (!loop) throw new TypeError(`"${name}" has no loop`);
  const { body, while: condition } = loop;
  const states = Object.keys(body.outputs).filter((state) => state !== condition);
  const numbers = condition === null ? [] : [condition];
  const results = [...routine.outputs, ...routine.numbers].filter((result) => !(result in final.outputs));
  const piece = (part: Partial<CompiledRoutine>): CompiledRoutine => ({
    ...{ name, setup: emptyProgram, loop: null, final: emptyProgram, outputs: [], numbers: [], inputs: [] },
    ...part,
  });
  return {
    before: piece({ setup, outputs: Object.keys(setup.outputs), inputs: setup.inputs }),
    passes: piece({
      loop: { body: condition === null ? body : withNumber(body, condition), while: null },
      outputs: states,
      numbers,
      inputs: distinct([...body.inputs, ...states]),
    }),
    after: piece({
      final,
      outputs: routine.outputs,
      numbers: routine.numbers,
      inputs: distinct([...final.inputs, ...results]),
    }),
  };
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)];

/** The program with a condition as 1 or 0. */
function withNumber(program: Program, condition: string): Program {
  const { instructions, outputs } = program;
  const count = instructions.length;
  const constant = (value: number): Instruction => ({ op: 'constant', args: [], value });
  const number: Instruction = { op: 'where', args: [outputs[condition]!, count, count + 1] };
  return {
    ...program,
    instructions: [...instructions, constant(1), constant(0), number],
    outputs: { ...outputs, [condition]: count + 2 },
  };
}
