import type { Matrix } from '#core/matrix.js';
import { Parts } from '#core/parts/registry.js';
import type { PartReference } from '#core/spec/job-spec.js';
import { exportFormats, exportNetwork } from '#coordinator/export/export-network.js';
import { startEngine } from '#engine/engines.js';
import { readInitialWeights } from '#services/store/initial-weights.js';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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

const widths = [6, 9, 7, 8, 5, 9, 6, 7, 4];
const shapes = widths.slice(1).map((units, index) => ({ inputs: widths[index]!, units }));

describe('a safetensors export', () => {
  it('has the layout of the format', async () => {
    const network = randomNetwork(1, [3, 4, 2], [transferNamed('leaky_relu'), transferNamed('softmax')]);
    const folder = await temporaryFolder();
    const [file = '', ...others] = await exportNetwork('safetensors', network, folder);
    expect([file, ...others]).toEqual([join(folder, 'model.safetensors')]);

    const bytes = await readFile(file);
    const dataStart = 8 + Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, dataStart)) as Record<string, unknown>;
    expect(header).toMatchObject({
      __metadata__: { format: 'locoprop-network', name: network.name },
      'layers.0.weights': { dtype: 'F32', shape: [3, 4] },
      'layers.0.bias': { dtype: 'F32', shape: [4] },
      'layers.1.weights': { dtype: 'F32', shape: [4, 2] },
    });
    const {
      data_offsets: [begin, end],
    } = header['layers.1.bias'] as { data_offsets: [number, number] };
    expect(bytes.subarray(dataStart + begin, dataStart + end)).toEqual(
      Buffer.from((network.layers[1]!.bias.data as Float32Array).buffer),
    );
  });

  it.each(precisions)('is read back as initial weights, from $name', async ({ array }) => {
    const seed = newSeed();
    const network = randomNetwork(seed, widths, allTransfers, array);
    const [file = ''] = await exportNetwork('safetensors', network, await temporaryFolder());
    const { layers } = await readInitialWeights(file, shapes);
    expect(layers).toEqual(network.layers.map(({ weights, bias }) => ({ weights, bias })));
  });

  it('says enough to compute the outputs again', async () => {
    const seed = newSeed();
    const network = randomNetwork(seed, widths, allTransfers);
    const [file = ''] = await exportNetwork('safetensors', network, await temporaryFolder());
    const { layers } = await readInitialWeights(file, shapes);
    const bytes = await readFile(file);
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0)))) as {
      __metadata__: { layers: string };
    };
    const described = JSON.parse(header.__metadata__.layers) as { transfer: PartReference }[];
    const parts = new Parts();
    const again = described.map(({ transfer }, index) => ({
      transfer: parts.choose('transfer', transfer),
      ...layers[index]!,
    }));
    const engine = await startEngine('reference', 1);
    const inputs: Matrix = randomInputs(seed, 5, 6);
    const { data } = await outputsOn(engine, { name: 'again', layers: again }, inputs);
    expectClose(data, await outputsOn(engine, network, inputs));
    await engine.close();
  });
});

describe.each(exportFormats)('an export as %s', (format) => {
  const network = randomNetwork(1, [3, 2], [transferNamed('tanh')]);

  it('makes the folder', async () => {
    const folder = join(await temporaryFolder(), 'new', 'folder');
    const paths = await exportNetwork(format, network, folder);
    for (const path of paths) expect((await readFile(path)).length).toBeGreaterThan(0);
  });

  it('says which file cannot be written', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    const failure = await exportNetwork(format, network, file).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'STORE_WRITE_FAILED' });
    expect(String(failure)).toContain(file);
  });
});
