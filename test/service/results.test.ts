import { expect, it } from 'vitest';
import { runOf } from '#core/job/record.js';
import { servingOf } from '../api-grpc/support.js';
import { refusalOf } from '../api-grpc/client.js';
import { call, openApi, YAML } from '../api-http/support.js';
import { chunksOf } from '../job-store/support.js';
import { openCoordinator, specText } from './support.js';

const FEATURES = 2;
const CLASSES = 3;

/** Points of three overlapping clouds, so that some are taken for others. */
function rows(count: number, phase: number): { readonly csv: string; readonly points: readonly number[][] } {
  const points = Array.from({ length: count }, (_, index) => {
    const label = index % CLASSES;
    const angle = phase + 2.4 * index;
    const around = (centre: number, offset: number): number => Math.fround(centre + offset);
    return [around(label, Math.sin(angle)), around(label === 1 ? 1 : 0, Math.cos(angle)), label];
  });
  return { csv: `a,b,class\n${points.map((point) => point.join()).join('\n')}\n`, points };
}

/** The tensors of a safetensors file, read by its format: a length, a header in JSON, the bytes. */
function tensorsOf(bytes: Buffer): Readonly<Record<string, readonly number[]>> {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
    string,
    { readonly data_offsets: readonly [number, number] }
  >;
  const { __metadata__: _, ...tensors } = header;
  const numbers = ([from, to]: readonly [number, number]): readonly number[] =>
    Array.from({ length: (to - from) / 4 }, (__, at) => bytes.readFloatLE(8 + length + from + 4 * at));
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { data_offsets }]) => [name, numbers(data_offsets)]),
  );
}

it('a classifier has its confusion matrix, its curves and its exports, over HTTP and gRPC alike', async () => {
  const own = await openCoordinator({ solvesHere: true });
  const { service, reaches } = own;
  const api = await openApi(service, { limits: { rate: null } });
  const { client } = await servingOf(service);
  const upload = async (name: string, csv: string): Promise<string> =>
    (await service.upload(chunksOf(csv), { name, digest: null })).id;
  const test = rows(60, 1);
  const source = async (name: string, csv: string) => ({
    ...{ file: `upload:${await upload(name, csv)}`, format: 'csv', labels: 'class' },
  });
  const spec = specText({
    data: {
      train: await source('train.csv', rows(96, 0).csv),
      test: await source('test.csv', test.csv),
      targets: 'labels',
    },
    network: { layers: [{ units: CLASSES, transfer: 'softmax' }], loss: 'softmax_cross_entropy' },
    training: { epochs: 3, batchSize: 8 },
    evaluation: { everyEpochs: 1 },
  });

  // Before it has run, there is nothing of it.
  const job = (await service.submit({ text: spec, source: 'a.yaml', idempotencyKey: null })).job.id;
  await reaches(job, 'completed');
  const get = async (path: string): Promise<unknown> =>
    (await call(api, 'GET', `/v1/jobs/${job}${path}`)).json;

  const written = await call(api, 'POST', `/v1/jobs/${job}/exports`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ format: 'safetensors' }),
  });
  expect(written.status).toBe(201);
  const { artifacts } = written.json as { artifacts: { name: string; bytes: number }[] };
  expect(artifacts).toEqual([
    { name: 'export/safetensors/model.safetensors', bytes: expect.any(Number) as number },
  ]);
  expect(await service.artifacts(job)).toEqual(expect.arrayContaining(artifacts));
  const again = await client.call('ExportJob', { id: job, format: 'safetensors', checkpoint: 'latest' });
  expect(again).toEqual({ artifacts });
  const onnx = await client.call('ExportJob', { id: job, format: 'onnx' });
  expect(onnx).toMatchObject({ artifacts: [{ name: 'export/onnx/model.onnx' }] });

  const file = await service.openArtifact(job, artifacts[0]!.name);
  const chunks: Buffer[] = [];
  for await (const chunk of file.content as AsyncIterable<Buffer>) chunks.push(Buffer.from(chunk));
  const tensors = Object.entries(tensorsOf(Buffer.concat(chunks)));
  const weights = tensors.find(([, values]) => values.length === FEATURES * CLASSES)![1];
  const bias = tensors.find(([, values]) => values.length === CLASSES)![1];
  const counts = Array.from({ length: CLASSES }, () => new Array<number>(CLASSES).fill(0));
  for (const [a = 0, b = 0, label = 0] of test.points) {
    const scores = bias.map((own, at) => own + a * weights[at]! + b * weights[CLASSES + at]!);
    counts[label]![scores.indexOf(Math.max(...scores))]! += 1;
  }
  // Some are taken for others, or the table would not show which way round it is.
  expect(counts).not.toEqual(counts[0]!.map((_, at) => counts.map((row) => row[at])));
  const confusion = { epoch: 3, step: 36, data: 'test', counts };
  expect(await get('/confusion')).toEqual({ confusion });
  expect(await client.call('GetConfusion', { id: job })).toEqual({
    confusion: { ...confusion, counts: counts.map((examples) => ({ examples })) },
  });
  const epoch = (await service.metrics(job)).at(-1)!;
  const right = counts.reduce((sum, row, at) => sum + row[at]!, 0);
  expect(epoch.testAccuracy).toBeCloseTo(right / test.points.length, 10);

  const told = own.runEvents.flatMap((event) => (event.type === 'step.done' ? [event] : []));
  const { steps } = (await get('/steps')) as {
    steps: { step: number; loss: number; trainSeconds: number }[];
  };
  expect(steps.map(({ step, loss }) => [step, loss])).toEqual(told.map(({ step, loss }) => [step, loss]));
  expect(steps.at(-1)!.trainSeconds).toBeCloseTo(told.reduce((sum, { seconds }) => sum + seconds, 0));
  const outline = (await get('/steps?points=8')) as { steps: typeof steps };
  expect(outline.steps.length).toBeLessThanOrEqual(8);
  const losses = (of: typeof steps): number[] => of.map(({ loss }) => loss);
  expect(Math.max(...losses(outline.steps))).toBe(Math.max(...losses(steps)));
  expect(Math.min(...losses(outline.steps))).toBe(Math.min(...losses(steps)));
  const range = (await get('/steps?from=5&to=9')) as { steps: typeof steps };
  expect(range.steps.map(({ step }) => step)).toEqual([5, 6, 7, 8, 9]);
  expect(await client.call('GetSteps', { id: job, points: 8 })).toEqual(outline);
  expect(await client.call('GetSteps', { id: job, from: 5, to: 9 })).toEqual(range);
  expect(await get('/metrics?from=13&to=24')).toMatchObject({ metrics: [{ epoch: 2 }] });
});

it('a job without a checkpoint has no export, and one that has not run no curves', async () => {
  const { service, submit, store, reaches } = await openCoordinator({ solvesHere: true });
  const first = await submit({ training: { epochs: 100_000, batchSize: 8 } });
  await reaches(first, 'running');
  const id = await submit();
  const request = { format: 'onnx', checkpoint: 'latest' } as const;
  await expect(service.export(id, request)).rejects.toMatchObject({ code: 'STORE_NO_CHECKPOINT' });
  expect(await service.steps(id, { points: 8, from: null, to: null })).toEqual([]);
  expect(await service.confusion(id)).toBeNull();
  expect(runOf((await store.read(id))!.record)).toBeNull();
  await service.cancel(first);
  await reaches(id, 'completed');
  await service.export(id, request);
  expect((await service.artifacts(id)).map(({ name }) => name)).toContain('export/onnx/model.onnx');
});

it('a spec is checked and no job made of it, over HTTP and gRPC alike', async () => {
  const { service } = await openCoordinator();
  const api = await openApi(service, { limits: { rate: null } });
  const { client } = await servingOf(service);
  const validate = (body: string) => call(api, 'POST', '/v1/specs/validate', { headers: YAML, body });
  const good = await validate(specText());
  expect(good).toMatchObject({ status: 200, json: { spec: { name: 'tiny', queue: { priority: 0 } } } });
  const { specJson } = await client.call('ValidateSpec', { spec: specText() });
  expect({ spec: JSON.parse(String(specJson)) as unknown }).toEqual(good.json);

  const missing = `upload:${'0'.repeat(64)}`;
  const text = specText({ name: 'x' }).replace('"curves","examples":32', '"curves","examples":-3');
  for (const [spec, status, code, line] of [
    [text, 422, 'SPEC_INVALID', 1],
    ['name: [\n', 400, 'SPEC_SYNTAX', 2],
    [JSON.stringify(JSON.parse(specText({ initialWeights: missing })), null, 1), 404, 'DATASET_UNKNOWN', 0],
  ] as const) {
    const refused = await validate(spec);
    expect(refused).toMatchObject({
      status,
      json: { code, problems: [{ line: expect.any(Number) as number }] },
    });
    const { problems } = refused.json as { problems: { line: number; text: string }[] };
    const expected = line === 0 ? spec.split('\n').findIndex((one) => one.includes(missing)) + 1 : line;
    expect(problems[0]!.line).toBe(expected);
    const refusal = await refusalOf(client.call('ValidateSpec', { spec, source: 'The spec' }));
    expect(refusal.code).toBe(code);
  }
  expect((await service.list({ states: [], limit: 10, cursor: null })).jobs).toEqual([]);
});
