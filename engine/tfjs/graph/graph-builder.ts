import type { Shape } from '../../../core/expression/shapes.js';
import { loadProto, messageTypeOf } from '../../../proto/proto-files.js';

/** A matrix of a graph: which result of which node it is, and its shape. */
export interface GraphMatrix {
  readonly value: string;
  readonly shape: Shape;
}

type DataType = 'DT_FLOAT' | 'DT_INT32';

/* Attributes of nodes, as AttrValue of saved_model.proto has them. */
export const FLOAT = { type: 'DT_FLOAT' } as const;
export const INT32 = { type: 'DT_INT32' } as const;

/** By these TensorFlow.js finds the graph in a SavedModel. */
const TAG = 'serve';
const SIGNATURE = 'serving_default';
/** The version of graphs of TensorFlow 2.9, the oldest for which there is a binding. */
const PRODUCER = 1087;

const { serialize } = messageTypeOf(loadProto('tensorflow/saved_model.proto'), 'tensorflow.SavedModel');

/** A graph of TensorFlow under construction. What is computed twice alike, TensorFlow makes one. */
export class GraphBuilder {
  readonly #nodes: object[] = [];
  readonly #constants = new Map<string, string>();
  readonly #inputs: Record<string, object> = {};
  readonly #outputs: Record<string, object> = {};

  /** Adds a node of an operation of TensorFlow that makes a matrix. */
  node(
    op: string,
    args: readonly string[],
    shape: Shape,
    attributes: Readonly<Record<string, object>>,
  ): GraphMatrix {
    return { value: this.value(op, args, attributes), shape };
  }

  /** Adds a node and returns its first result. */
  value(op: string, args: readonly string[], attributes: Readonly<Record<string, object>>): string {
    const name = `node_${this.#nodes.length}`;
    this.#nodes.push({ name, op, input: args, attr: attributes });
    return name;
  }

  /** A matrix that the graph is given under a name. */
  input(name: string, shape: Shape): GraphMatrix {
    const node = this.node('Placeholder', [], shape, { dtype: FLOAT, shape: { shape: shapeProto(shape) } });
    this.#inputs[name] = tensorInfo(node);
    return node;
  }

  /** A matrix that the graph gives back under a name. */
  output(name: string, { value, shape }: GraphMatrix): void {
    // What is given cannot be given back.
    this.#outputs[name] = tensorInfo(this.node('Identity', [value], shape, { T: FLOAT }));
  }

  /** The same entries in another shape. */
  reshape({ value }: GraphMatrix, shape: Shape): GraphMatrix {
    const attributes = { T: FLOAT, Tshape: INT32 };
    return this.node('Reshape', [value, this.integers(shape)], shape, attributes);
  }

  /** A row as a tensor of one dimension. */
  vector({ value, shape: [, columns] }: GraphMatrix): string {
    return this.value('Reshape', [value, this.integers([columns])], { T: FLOAT, Tshape: INT32 });
  }

  /** The rows of a matrix, one by one. */
  rowsOf({ value, shape: [rows, columns] }: GraphMatrix): GraphMatrix[] {
    const axis = this.#constant('DT_INT32', [], Int32Array.of(0));
    const split = this.value('Split', [axis, value], { T: FLOAT, num_split: { i: rows } });
    return Array.from({ length: rows }, (_, row) => ({ value: `${split}:${row}`, shape: [1, columns] }));
  }

  /** A number as a matrix [1, 1]. */
  number(value: number): GraphMatrix {
    return { value: this.#constant('DT_FLOAT', [1, 1], Float32Array.of(value)), shape: [1, 1] };
  }

  /** A list of integers, as operations take axes and shapes. */
  integers(values: readonly number[]): string {
    return this.#constant('DT_INT32', [values.length], Int32Array.from(values));
  }

  #constant(dtype: DataType, shape: readonly number[], data: Float32Array | Int32Array): string {
    const key = `${dtype} ${shape.join()} ${data.join()}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const tensor = { dtype, tensorShape: shapeProto(shape), tensorContent: Buffer.from(data.buffer) };
    const value = this.value('Const', [], { dtype: { type: dtype }, value: { tensor } });
    this.#constants.set(key, value);
    return value;
  }

  /** The graph as the file saved_model.pb. */
  encode(): Uint8Array {
    const graph = {
      metaInfoDef: { tags: [TAG] },
      graphDef: { node: this.#nodes, versions: { producer: PRODUCER } },
      signatureDef: { [SIGNATURE]: { inputs: this.#inputs, outputs: this.#outputs } },
    };
    return serialize({ savedModelSchemaVersion: 1, metaGraphs: [graph] });
  }
}

const shapeProto = (lengths: readonly number[]): object => ({ dim: lengths.map((size) => ({ size })) });

const tensorInfo = ({ value, shape }: GraphMatrix): object => ({
  name: `${value}:0`,
  dtype: 'DT_FLOAT',
  tensorShape: shapeProto(shape),
});
