import { compileRoutine, type Routine } from '#core/expression/routine.js';
import { add, input, log, multiply, sum } from '#core/expression/expression.js';
import { solveRoutine } from '#core/local-problem.js';
import { STANDARD_FORM, WEBGPU_FORM, type GraphForm } from '#engine/onnx/form.js';
import { buildModel } from '#engine/onnx/model.js';
import { piecesOf } from '#engine/onnx/pieces.js';
import { startThreadedEngine } from '#engine/thread/threaded-engine.js';
import type { Engine } from '#engine/engine.js';
import onnxProto from 'onnx-proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callContract } from './contract/calls.js';
import { exactContract } from './contract/exact.js';
import { operatorContract } from './contract/operators.js';
import type { Running } from './contract/subject.js';
import { ruleOf } from './support.js';

/** How often each operator stands in a routine's graph. */
function operatorsOf(routine: Routine, passes: number, form: GraphForm): Record<string, number> {
  const rows = { x: [4, 3] } as const;
  const { bytes } = buildModel(compileRoutine(routine), new Map(Object.entries(rows)), passes, form);
  const counts: Record<string, number> = {};
  for (const { opType } of onnxProto.onnx.ModelProto.decode(bytes).graph!.node!) {
    counts[opType!] = (counts[opType!] ?? 0) + 1;
  }
  return counts;
}

const looping: Routine = {
  name: 'looping',
  setup: { value: multiply(1, input('x')) },
  loop: { body: { value: add(multiply(input('value'), input('value')), input('x')) } },
  final: { total: sum(input('value'), 'all') },
  outputs: ['value'],
  numbers: ['total'],
};

describe('the graph of a loop', () => {
  it('has its passes written out up to 16 of them, and is a Loop node beyond', () => {
    const few = operatorsOf(looping, 16, STANDARD_FORM);
    expect([few['Add'], few['Loop']]).toEqual([16, undefined]);
    const many = operatorsOf(looping, 17, STANDARD_FORM);
    expect([many['Add'], many['Loop']]).toEqual([undefined, 1]);
  });

  it('falls into a part before, some passes and a part after, which hand on what is needed', () => {
    const rule = ruleOf({ inputs: 3, units: 2, optimizer: { name: 'adam' } });
    const options = { preactivationKnown: false, objective: true, repeated: true };
    const routine = compileRoutine(solveRoutine(rule, options));
    const { before, passes, after } = piecesOf(routine);
    const known = new Set([...routine.inputs, ...before.outputs, ...passes.outputs]);
    for (const needed of [...passes.inputs, ...after.inputs]) expect(known).toContain(needed);
    expect([before.loop, after.loop]).toEqual([null, null]);
    expect({ outputs: after.outputs, numbers: after.numbers }).toEqual({
      outputs: routine.outputs,
      numbers: routine.numbers,
    });
  });
});

it('the logarithm of WebGPU is completed, that of others is one node', () => {
  const routine: Routine = { name: 'log', setup: { y: log(input('x')) }, outputs: ['y'] };
  expect(operatorsOf(routine, 0, STANDARD_FORM)).toEqual({ Log: 1 });
  expect(operatorsOf(routine, 0, WEBGPU_FORM)).toEqual({ Log: 1, Equal: 1, Greater: 1, Where: 2 });
});

describe('the graphs for WebGPU, on the CPU,', () => {
  let engine: Engine;
  beforeAll(async () => {
    const module = new URL('./fixtures/calls-backend.mjs', import.meta.url).href;
    engine = await startThreadedEngine('onnx-calls', { module, threads: 1, sharesProcessors: false });
  });
  afterAll(() => engine.close());
  const running = (): Running => ({
    engine,
    start: () => Promise.resolve(engine),
    tolerance: 1e-6,
    threads: [1],
    splitLayer: { examples: 8, inputs: 6 },
  });
  operatorContract(running);
  callContract(running);
  exactContract(running);
});
