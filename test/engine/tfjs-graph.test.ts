import {
  add,
  input,
  matmul,
  multiply,
  scalar,
  square,
  subtract,
  sum,
  tanh,
  transpose,
} from '#core/expression/expression.js';
import { compileRoutine, type Routine } from '#core/expression/routine.js';
import type { Shape } from '#core/expression/shapes.js';
import { routineGraph } from '#engine/tfjs/graph/routine-graph.js';
import { loadProto, messageTypeOf } from '#proto/proto-files.js';
import { describe, expect, it } from 'vitest';

/*
 * What stands in the graphs of TensorFlow. That it computes what it should is in the contract of the engine, which
 * tfjs-node.test.ts has where TensorFlow is there.
 */

interface Graph {
  readonly graphDef: { readonly node: readonly { readonly op: string; readonly input: readonly string[] }[] };
  readonly signatureDef: Record<'serving_default', Record<'inputs' | 'outputs', Record<string, object>>>;
}

const { deserialize } = messageTypeOf(loadProto('tensorflow/saved_model.proto'), 'tensorflow.SavedModel');

function graphOf(routine: Routine, shapes: Readonly<Record<string, Shape>>, passes = 0): Graph {
  const bytes = routineGraph(compileRoutine(routine), new Map(Object.entries(shapes)), passes);
  return (deserialize(Buffer.from(bytes)) as { metaGraphs: Graph[] }).metaGraphs[0]!;
}

const count = ({ graphDef }: Graph, op: string): number =>
  graphDef.node.filter((node) => node.op === op).length;

const [x, y, b, w] = ['x', 'y', 'b', 'w'].map(input);

describe('a graph of TensorFlow', () => {
  it('has all passes of a loop, with a number of its own for each', () => {
    const value = add(multiply(scalar('rate'), input('value')), x!);
    const routine = { name: 'loop', setup: { value: x! }, loop: { body: { value } }, outputs: ['value'] };
    const graph = graphOf(routine, { x: [4, 3] }, 5);
    expect([count(graph, 'Mul'), count(graph, 'Split')]).toEqual([5, 1]);
    const { inputs, outputs } = graph.signatureDef.serving_default;
    expect(Object.keys(inputs)).toEqual(['matrix x', 'pass scalar 0']);
    expect(inputs['pass scalar 0']).toMatchObject({ tensorShape: { dim: [{ size: 5 }, { size: 1 }] } });
    expect(Object.keys(outputs)).toEqual(['value']);
  });

  it('adds a row as a bias, and nothing else', () => {
    const biased = { name: 'bias', setup: { z: tanh(add(matmul(x!, w!), b!)) }, outputs: ['z'] };
    const shapes = { x: [4, 3], w: [3, 2] } as const;
    expect(count(graphOf(biased, { ...shapes, b: [1, 2] }), 'BiasAdd')).toBe(1);
    for (const b of [
      [1, 1],
      [4, 1],
      [4, 2],
    ] as const)
      expect(count(graphOf(biased, { ...shapes, b }), 'BiasAdd'), String(b)).toBe(0);
  });

  it('transposes within products, and sums squares without a matrix of them', () => {
    const difference = subtract(matmul(transpose(x!), x!), matmul(y!, transpose(y!)));
    const routine = { name: 'folds', setup: { z: sum(square(difference), 'all') }, outputs: ['z'] };
    const graph = graphOf(routine, { x: [2, 3], y: [3, 2] });
    expect([count(graph, 'Transpose'), count(graph, 'Square'), count(graph, 'Sum')]).toEqual([0, 0, 0]);
    expect(count(graph, 'MatMul')).toBe(3);
  });

  it('multiplies the first matrix of a product by its constant, unless the product is read otherwise too', () => {
    const product = matmul(x!, w!);
    const shapes = { x: [4, 3], w: [3, 2] } as const;
    const scaled = graphOf({ name: 'scaled', setup: { z: multiply(2, product) }, outputs: ['z'] }, shapes);
    const [multiple] = scaled.graphDef.node.filter(({ op }) => op === 'Mul');
    const [given] = scaled.graphDef.node.map(({ op }, at) => (op === 'Placeholder' ? `node_${at}` : ''));
    expect(multiple!.input).toContain(given);
    const both = { z: multiply(2, product), product };
    const kept = graphOf({ name: 'kept', setup: both, outputs: ['z', 'product'] }, shapes);
    expect(kept.graphDef.node.filter(({ op }) => op === 'Mul')[0]!.input).not.toContain(given);
  });

  it('is refused where shapes do not fit', () => {
    const routine = { name: 'mismatch', setup: { z: matmul(x!, x!) }, outputs: ['z'] };
    expect(() => graphOf(routine, { x: [1, 2] })).toThrow(RangeError);
  });
});
