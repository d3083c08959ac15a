import type { Matrix } from '#core/matrix.js';
import type { TrainedNetwork } from '#core/trained-network.js';
import { exportNetwork } from '#coordinator/export/export-network.js';
import { startEngine } from '#engine/engines.js';
import '@tensorflow/tfjs-backend-cpu';
import { env, type Tensor, tensor2d } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
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

// Else the library recommends its native binding on the console.
env().set('IS_TEST', true);

/** The model in a folder as TensorFlow.js loads it: from a web server. */
async function load(folder: string): Promise<LayersModel> {
  const server = createServer((request, response) => {
    readFile(join(folder, basename(request.url!))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return loadLayersModel(`http://127.0.0.1:${port}/model.json`);
}

const predict = (model: LayersModel, { rows, columns, data }: Matrix): Promise<ArrayLike<number>> =>
  (model.predict(tensor2d(Float32Array.from(data), [rows, columns])) as Tensor).data();

async function exported(network: TrainedNetwork): Promise<string> {
  const folder = await temporaryFolder();
  await exportNetwork('tfjs', network, folder);
  return folder;
}

describe('a TensorFlow.js export', () => {
  it.each(allTransfers)('computes a layer with $part.name', async (transfer) => {
    const seed = newSeed();
    const network = randomNetwork(seed, [6, 5], [transfer]);
    const inputs = randomInputs(seed, 20, 6);
    const outputs = await predict(await load(await exported(network)), inputs);
    expectClose(outputs, await outputsOn(reference, network, inputs));
  });

  it.each(precisions)('gives the outputs of a deep network, from $name', async ({ array }) => {
    const seed = newSeed();
    const network = randomNetwork(seed, [6, 9, 7, 8, 5, 9, 6, 7, 4], allTransfers, array);
    const inputs = randomInputs(seed, 11, 6);
    const outputs = await predict(await load(await exported(network)), inputs);
    expectClose(outputs, await outputsOn(reference, network, inputs));
  });

  it('cuts weights over 4 MiB into shards', async () => {
    const seed = newSeed();
    const network = randomNetwork(
      seed,
      [3, 1100, 1000, 2],
      [transferNamed('tanh'), transferNamed('relu'), transferNamed('identity')],
    );
    const folder = await temporaryFolder();
    const paths = await exportNetwork('tfjs', network, folder);
    const names = ['group1-shard1of2.bin', 'group1-shard2of2.bin', 'model.json'];
    expect(paths).toEqual(names.map((name) => join(folder, name)));
    const sizes = await Promise.all(paths.slice(0, 2).map(async (path) => (await stat(path)).size));
    const parameters = (3 + 1) * 1100 + (1100 + 1) * 1000 + (1000 + 1) * 2;
    expect(sizes).toEqual([4 * 2 ** 20, 4 * parameters - 4 * 2 ** 20]);

    const inputs = randomInputs(seed, 2, 3);
    const outputs = await predict(await load(folder), inputs);
    expectClose(outputs, await outputsOn(reference, network, inputs));
  });

  it('tells the name and the transfer functions', async () => {
    const network = randomNetwork(1, [3, 4, 2], [transferNamed('leaky_relu'), transferNamed('softmax')]);
    const model = await load(await exported(network));
    expect(model.name).toBe(network.name);
    expect(model.layers.map(({ name }) => name)).toEqual(['layers.0', 'layers.0.leaky_relu', 'layers.1']);
    const { layers } = model.getUserDefinedMetadata() as { layers: string };
    expect(JSON.parse(layers)).toEqual([
      { transfer: { name: 'leaky_relu', slope: 0.35 } },
      { transfer: { name: 'softmax' } },
    ]);
  });

  it.each(['swish', 'tanh'])(
    "refuses a plugin's transfer function named %s, and writes nothing",
    async (name) => {
      const own = { ...transferNamed('tanh').part, name };
      const network = randomNetwork(1, [3, 4, 2], [transferNamed('relu'), { part: own, h: {} }]);
      const folder = await temporaryFolder();
      const refusal = await exportNetwork('tfjs', network, folder).catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        code: 'EXPORT_UNSUPPORTED',
        message: `The network cannot be exported as tfjs: the transfer function ${name} of layers.1 is not one of Keras`,
        remedy:
          'Export it as onnx, which holds any transfer function, or safetensors, which holds the weights.',
      });
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it('replaces an earlier export, or leaves none that loads', async () => {
    const folder = await temporaryFolder();
    const first = randomNetwork(1, [3, 2], [transferNamed('relu')]);
    const second = randomNetwork(2, [3, 2], [transferNamed('tanh')]);
    const inputs = randomInputs(1, 4, 3);
    await exportNetwork('tfjs', first, folder);
    await exportNetwork('tfjs', second, folder);
    expectClose(await predict(await load(folder), inputs), await outputsOn(reference, second, inputs));

    const large = randomNetwork(1, [1100, 1000], [transferNamed('relu')]);
    await mkdir(join(folder, 'group1-shard2of2.bin'));
    await expect(exportNetwork('tfjs', large, folder)).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' });
    expect(await readdir(folder)).not.toContain('model.json');
  });
});
