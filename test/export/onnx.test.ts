import type { Matrix } from '#core/matrix.js';
import { multiply, sigmoid } from '#core/expression/expression.js';
import type { TransferFunction } from '#core/parts/part.js';
import { exportNetwork } from '#coordinator/export/export-network.js';
import { startEngine } from '#engine/engines.js';
import { readFile } from 'node:fs/promises';
import onnxProto from 'onnx-proto';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { newSeed, temporaryFolder } from '../store/support.js';
import {
  allTransfers,
  expectClose,
  outputsOn,
  precisions,
  randomInputs,
  randomNetwork,
  transferNamed,
} from './networks.js';

const reference = await startEngine('reference', 1);
afterAll(() => reference.close());

const widths = [6, 9, 7, 8, 5, 9, 6, 7, 4];

async function run(session: ort.InferenceSession, { rows, columns, data }: Matrix): Promise<ort.Tensor> {
  const { output } = await session.run({
    input: new ort.Tensor('float32', Float32Array.from(data), [rows, columns]),
  });
  return output!;
}

async function exported(network: Parameters<typeof exportNetwork>[1]): Promise<string> {
  const [file] = await exportNetwork('onnx', network, await temporaryFolder());
  return file!;
}

const open = (file: string): Promise<ort.InferenceSession> =>
  ort.InferenceSession.create(file, { intraOpNumThreads: 1 });

describe('an ONNX export', () => {
  it.each(allTransfers)('computes a layer with $part.name', async (transfer) => {
    const seed = newSeed();
    const network = randomNetwork(seed, [6, 5], [transfer]);
    const inputs = randomInputs(seed, 20, 6);
    const session = await open(await exported(network));
    const { data } = await run(session, inputs);
    expectClose(data as Float32Array, await outputsOn(reference, network, inputs));
  });

  it.each(precisions)('gives the outputs of a deep network, from $name, for any batch', async ({ array }) => {
    const seed = newSeed();
    const network = randomNetwork(seed, widths, allTransfers, array);
    const session = await open(await exported(network));
    for (const examples of [1, 3, 17]) {
      const inputs = randomInputs(seed, examples, 6);
      const { data, dims } = await run(session, inputs);
      expect(dims).toEqual([examples, 4]);
      expectClose(data as Float32Array, await outputsOn(reference, network, inputs));
    }
  });

  it("computes a plugin's transfer function", async () => {
    const swish: TransferFunction = {
      kind: 'transfer',
      name: 'swish',
      elementwise: true,
      parameters: { beta: { default: 1, description: 'Steepness.' } },
      value: (a, h) => multiply(a, sigmoid(multiply(h['beta']!, a))),
      pullback: (d) => d,
    };
    const layer = {
      transfer: { part: swish, h: { beta: 2 } },
      weights: { rows: 1, columns: 2, data: Float32Array.of(1, -3) },
      bias: { rows: 1, columns: 2, data: Float32Array.of(0.5, 0.25) },
    };
    const session = await open(await exported({ name: 'swish', layers: [layer] }));
    const { data } = await run(session, { rows: 2, columns: 1, data: Float32Array.of(-1, 2) });
    const expected = [-0.5, 3.25, 2.5, -5.75].map((a) => a / (1 + Math.exp(-2 * a)));
    expectClose(data as Float32Array, { rows: 2, columns: 2, data: Float64Array.from(expected) });
  });

  it('names what it holds', async () => {
    const network = randomNetwork(1, [3, 4, 2], [transferNamed('leaky_relu'), transferNamed('softmax')]);
    const file = await exported(network);
    const { inputMetadata, outputMetadata } = await open(file);
    expect(inputMetadata).toMatchObject([{ name: 'input', type: 'float32', shape: ['batch', 3] }]);
    expect(outputMetadata).toMatchObject([{ name: 'output', type: 'float32', shape: ['batch', 2] }]);

    const { producerName, graph, metadataProps } = onnxProto.onnx.ModelProto.decode(await readFile(file));
    expect(producerName).toBe('locoprop');
    expect(graph!.name).toBe(network.name);
    const metadata = Object.fromEntries(metadataProps.map(({ key, value }) => [key!, value!]));
    expect(metadata['name']).toBe(network.name);
    expect(JSON.parse(metadata['layers']!)).toEqual([
      { transfer: { name: 'leaky_relu', slope: 0.35 } },
      { transfer: { name: 'softmax' } },
    ]);
    const parameters = graph!
      .initializer!.map(({ name }) => name!)
      .filter((name) => /weights|bias/.test(name));
    expect(parameters).toEqual(['layers.0.weights', 'layers.0.bias', 'layers.1.weights', 'layers.1.bias']);
    const layersOfNodes = graph!.node!.slice(0, -1).map(({ name }) => name!.replace(/\/.*/, ''));
    expect(new Set(layersOfNodes)).toEqual(new Set(['layers.0', 'layers.1']));
  });

  it('refuses a network over 2 GiB, which no protobuf message holds', async () => {
    const size = 1024;
    const layer = {
      transfer: transferNamed('relu'),
      weights: { rows: size, columns: size, data: new Float32Array(size * size) },
      bias: { rows: 1, columns: size, data: new Float32Array(size) },
    };
    const network = { name: 'deep', layers: Array.from({ length: 513 }, () => layer) };
    const refusal = await exported(network).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'EXPORT_UNSUPPORTED' });
    expect(String(refusal)).toContain(`${513 * 4 * (size + 1) * size} bytes`);
  });
});
