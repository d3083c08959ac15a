import { compileRoutine, type Routine } from '#core/expression/routine.js';
import { add, input, log, multiply, sum } from '#core/expression/expression.js';
import { solveRoutine } from '#core/local-problem.js';
import { STANDARD_FORM, WEBGPU_FORM, type GraphForm } from '#engine/onnx/form.js';
import { buildModel } from '#engine/onnx/model.js';
import { piecesOf } from '#engine/graph/pieces.js';
import { startThreadedEngine } from '#engine/thread/threaded-engine.js';
import type { Engine } from '#engine/engine.js';
import onnxProto from 'onnx-proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callContract } from './contract/calls.js';
import { exactContract } from './contract/exact.js';
import { operatorContract } from './contract/operators.js';
import { splitContract } from './contract/split.js';
import type { Running } from './contract/subject.js';
import { ruleOf, type RuleChoice } from './support.js';

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

describe('a layer solved in blocks of columns', () => {
  const problem = { preactivationKnown: false, objective: true, repeated: true };
  const [examples, inputs, units] = [500, 100, 400];
  const blocked = (entries: number): GraphForm => ({ ...STANDARD_FORM, blockEntries: entries });
  /** How many columns each block has, of a layer with so many units. */
  function blocksOf(choice: Partial<RuleChoice>, form: GraphForm, passes = 2): number[] {
    const rule = ruleOf({ inputs, units, ...choice });
    const routine = compileRoutine(solveRoutine(rule, problem));
    const rows = { inputs: examples, displacement: examples, initialBias: 1, initialWeights: rule.inputs };
    const shapes = routine.inputs.map((name): [string, [number, number]] => [
      name,
      [rows[name.split('.')[0] as keyof typeof rows], name === 'inputs' ? rule.inputs : rule.units],
    ]);
    const { graph } = onnxProto.onnx.ModelProto.decode(
      buildModel(routine, new Map(shapes), passes, form).bytes,
    );
    const split = graph!.node!.find(({ opType }) => opType === 'Split');
    const widths = graph!.initializer!.find(({ name }) => name === split?.input?.[1])?.rawData;
    return widths ? [...new BigInt64Array(Uint8Array.from(widths).buffer)].map(Number) : [];
  }
  // Rows of what a block is given: R⁰, the weights and their two slots, the bias and its two.
  const rows = examples + 3 * inputs + 3;
  const rmsprop = { optimizer: { name: 'rmsprop' } };

  it.each([
    ['as wide as fits, in steps of 16', blocked(200 * rows), [208, 192]],
    ['of at least about 128 columns', blocked(70 * rows), [128, 144, 128]],
    ['all of it, where the narrowest block is far from fitting', blocked(60 * rows), []],
    ['all of it, where it fits', blocked(400 * rows), []],
    ['all of it, where no blocks are asked for', STANDARD_FORM, []],
  ])('takes %s', (_, form, widths) => {
    expect(blocksOf(rmsprop, form)).toEqual(widths);
  });

  it('takes none that is wider than the layer is tall', () => {
    const large = blocked(2 ** 30);
    expect(blocksOf({ inputs: 200, units: 500 }, large)).toEqual([160, 176, 164]);
    expect(blocksOf({ inputs: 500, units: 500 }, large)).toEqual([]);
  });

  it('is left whole where its passes are a Loop node, where columns depend on each other, where it is narrow', () => {
    expect(blocksOf(rmsprop, blocked(100 * rows), 17)).toEqual([]);
    const softmax = { transfer: { name: 'softmax' } };
    expect(blocksOf(softmax, blocked(100 * rows))).toEqual([]);
    expect(blocksOf({ units: 255 }, blocked(100 * rows))).toEqual([]);
  });
});

it('the logarithm of WebGPU is completed, that of others is one node', () => {
  const routine: Routine = { name: 'log', setup: { y: log(input('x')) }, outputs: ['y'] };
  expect(operatorsOf(routine, 0, STANDARD_FORM)).toEqual({ Log: 1 });
  expect(operatorsOf(routine, 0, WEBGPU_FORM)).toEqual({ Log: 1, Equal: 1, Greater: 1, Where: 2 });
});

const startFixture = (name: string, threads: number): Promise<Engine> => {
  const module = new URL(`./fixtures/${name}-backend.mjs`, import.meta.url).href;
  return startThreadedEngine(`onnx-${name}`, { module, threads, sharesProcessors: false });
};

// Here the whole layer is solved in two blocks, and each part at once.
describe('blocks of columns', () => {
  splitContract({
    start: (threads) => startFixture('blocks', threads),
    tolerance: 1e-6,
    threads: [1, 4],
    splitLayer: { examples: 130, inputs: 100, units: 300 },
  });
});

describe('the graphs for WebGPU, on the CPU,', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startFixture('calls', 1);
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
