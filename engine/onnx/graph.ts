import onnxProto from 'onnx-proto';
import type { onnx } from 'onnx-proto';
import type { Shape } from '../../core/expression/shapes.js';
import type { Matrix } from '../../core/matrix.js';

const { onnx: schema } = onnxProto;
const { AttributeType } = schema.AttributeProto;
const { DataType } = schema.TensorProto;

/** Operators are those of this version of the ONNX standard. */
const OPSET = 17;
const IR_VERSION = 8;

export type AttributeValue = number | readonly number[] | onnx.IGraphProto;

function attribute(name: string, value: AttributeValue): onnx.IAttributeProto {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if (Array.isArray(value)) return { name, type: AttributeType.INTS, ints: [...(value as number[])] };
  return { name, type: AttributeType.GRAPH, g: value as onnx.IGraphProto };
}

/** A matrix or, with no shape, a number of the given type; `dimensions` may name an unknown size. */
export const valueInfo = (
  name: string,
  dimensions: readonly (number | string)[],
  type: 'float' | 'int64' | 'bool' = 'float',
): onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType: { float: DataType.FLOAT, int64: DataType.INT64, bool: DataType.BOOL }[type],
      shape: {
        dim: dimensions.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size })),
      },
    },
  },
});

/** A sequence of matrices. */
export const sequenceInfo = (name: string): onnx.IValueInfoProto => ({
  name,
  type: { sequenceType: { elemType: { tensorType: { elemType: DataType.FLOAT } } } },
});

export const matrixInfo = (name: string, shape: Shape): onnx.IValueInfoProto => valueInfo(name, shape);

/** Names that are distinct over all the graphs of a model. */
export class Names {
  #count = 0;
  /** What the next names start with. */
  scope = '';

  next(hint: string): string {
    return `${this.scope}${hint}#${++this.#count}`;
  }
}

/** A graph under construction. */
export class GraphBuilder {
  readonly #names: Names;
  readonly #nodes: onnx.INodeProto[] = [];
  readonly #initializers: onnx.ITensorProto[] = [];
  readonly #constants = new Map<string, string>();
  readonly #computed = new Set<string>();

  constructor(names: Names) {
    this.#names = names;
  }

  /** Adds a node and returns the names of its results. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    results: readonly string[] = [this.#names.next(opType)],
  ): readonly string[] {
    this.#nodes.push({
      opType,
      name: this.#names.next('node'),
      input: [...inputs],
      output: [...results],
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    });
    for (const result of results) this.#computed.add(result);
    return results;
  }

  /** Whether a node of this graph has this result; the others are inputs and constants. */
  computes(name: string): boolean {
    return this.#computed.has(name);
  }

  /** A number in float32. */
  float(value: number): string {
    return this.#constant(`float ${value}`, DataType.FLOAT, [], Float32Array.of(value));
  }

  integer(value: number): string {
    return this.#constant(`integer ${value}`, DataType.INT64, [], BigInt64Array.of(BigInt(value)));
  }

  /** A list of integers. */
  integers(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.#constant(`integers ${values.join()}`, DataType.INT64, [values.length], data);
  }

  yes(): string {
    return this.#constant('true', DataType.BOOL, [], Uint8Array.of(1));
  }

  /** A matrix that is part of the model, under this name. */
  matrix(name: string, { rows, columns, data }: Matrix<Float32Array>): string {
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#initializers.push({ name, dataType: DataType.FLOAT, dims: [rows, columns], rawData });
    return name;
  }

  #constant(key: string, dataType: number, dims: number[], data: ArrayBufferView): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#names.next('constant');
    const rawData = new Uint8Array(data.buffer as ArrayBuffer);
    this.#initializers.push({ name, dataType, dims, rawData });
    this.#constants.set(key, name);
    return name;
  }

  build(
    name: string,
    inputs: readonly onnx.IValueInfoProto[],
    outputs: readonly onnx.IValueInfoProto[],
  ): onnx.IGraphProto {
    return {
      name,
      node: this.#nodes,
      initializer: this.#initializers,
      input: [...inputs],
      output: [...outputs],
    };
  }
}

/** @param metadata texts for the readers of the model */
export const encodeModel = (
  graph: onnx.IGraphProto,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array =>
  schema.ModelProto.encode({
    irVersion: IR_VERSION,
    producerName: 'locoprop',
    opsetImport: [{ domain: '', version: OPSET }],
    graph,
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  }).finish();
