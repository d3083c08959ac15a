import { failed, resumed } from '#core/job/moves.js';
import { runOf } from '#core/job/record.js';
import { parseYaml } from '#services/configuration/yaml-text.js';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { call, openApi, TOKENS, YAML } from '../api-http/support.js';
import { locoprop } from '../cli/support.js';
import { chunksOf, textOf } from '../job-store/support.js';
import { temporaryFolder } from '../store/support.js';
import { openCoordinator, openStore, recordOf, recordsOf, specText, until } from './support.js';

const ENDLESS = { training: { epochs: 1_000_000, batchSize: 8 } };

it('the spec of a run keeps its paths as the client wrote them, and can be submitted again', async () => {
  const { service, reaches } = await openCoordinator({ solvesHere: true });
  const rows = '0,1,1\n1,0,0\n'.repeat(16);
  const { id } = await service.upload(chunksOf(rows), { name: 'rows.csv', digest: null });
  const file = `upload:${id}`;
  const text = specText({
    data: { train: { file, format: 'csv' }, targets: 'inputs' },
    network: {
      layers: [
        { units: 2, transfer: 'tanh' },
        { units: 3, transfer: 'sigmoid' },
      ],
      loss: 'sigmoid_cross_entropy',
    },
  });
  const { job } = await service.submit({ text, source: 'a.yaml', idempotencyKey: null });
  await reaches(job.id, 'completed');
  const { content } = await service.openArtifact(job.id, 'spec.yaml');
  const downloaded = (await textOf(content))!;
  expect(parseYaml(downloaded, 'it')).toMatchObject({ data: { train: { file } } });

  const api = await openApi(service);
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'again.yaml'), downloaded);
  const env = {
    LOCOPROP_URL: api.url,
    LOCOPROP_TOKEN: TOKENS.write,
    HOME: folder,
    XDG_CONFIG_HOME: undefined,
  };
  const submitted = await locoprop(['submit', 'again.yaml', '--json'], { cwd: folder, env });
  expect(submitted).toMatchObject({ code: 0 });
  const [again] = (await service.list({ states: [], limit: 1, cursor: null })).jobs;
  expect(again!.id).not.toBe(job.id);
  expect((await service.get(again!.id)).spec.data).toEqual(job.spec.data);
  await reaches(again!.id, 'completed');
});

it('the idempotency key of a job that was deleted is used up', async () => {
  const { service, reaches } = await openCoordinator();
  const api = await openApi(service);
  const submit = () =>
    call(api, 'POST', '/v1/jobs', { headers: { ...YAML, 'idempotency-key': 'k' }, body: specText() });
  const first = await submit();
  expect(first.status).toBe(201);
  expect((await submit()).status, 'as long as there is the job').toBe(200);
  const { id } = first.json as { id: string };
  await service.cancel(id);
  await reaches(id, 'cancelled');
  await service.remove(id);
  const refused = await submit();
  expect(refused).toMatchObject({ status: 422, json: { code: 'JOB_KEY_REUSED', retryable: false } });
  expect((refused.json as { detail: string }).detail).toContain(id);
  expect((await service.list({ states: [], limit: 10, cursor: null })).jobs).toEqual([]);
});

it('a job that another coordinator resumes while it is being deleted stays', async () => {
  const folder = await temporaryFolder();
  const { service, store } = await openCoordinator({ folder });
  const { records } = recordsOf(await openStore(folder));
  const failure = { code: 'X', message: 'it failed', remedy: 'wait', retryable: false };
  await records.create(recordOf('a'));
  await records.change('a', (own, now) => failed(own, now, failure));
  const remove = store.remove.bind(store);
  vi.spyOn(store, 'remove').mockImplementationOnce(async (id, version) => {
    await records.change('a', resumed);
    return remove(id, version);
  });
  await expect(service.remove('a')).rejects.toMatchObject({
    code: 'JOB_STATE_CONFLICT',
    details: { wanted: 'deleted' },
  });
  expect(await records.find('a')).not.toBeNull();
});

it('a data set stays that a job uses which another coordinator has just taken in', async () => {
  const folder = await temporaryFolder();
  const { service } = await openCoordinator({ folder });
  const { records } = recordsOf(await openStore(folder));
  const { id } = await service.upload(chunksOf('0,1\n'), { name: 'rows.csv', digest: null });
  await service.list({ states: [], limit: 1, cursor: null });
  const data = { train: { file: `upload:${id}`, format: 'csv' }, targets: 'inputs' };
  await records.create(recordOf('a', { changes: { data } }));
  await expect(service.removeDataset(id)).rejects.toMatchObject({ code: 'DATASET_IN_USE' });
});

it('a file that grows is sent as long as it was said to be', async () => {
  const { service, submit, store } = await openCoordinator({ solvesHere: true });
  const id = await submit(ENDLESS);
  const name = 'events.jsonl';
  const bytesNow = async (): Promise<number> =>
    (await service.artifacts(id)).find((file) => file.name === name)?.bytes ?? 0;
  await until(async () => (await bytesNow()) > 1000, 'there is a log');
  const { file, content } = await service.openArtifact(id, name);
  // Long enough for whoever does not count to send more.
  await until(async () => (await bytesNow()) > 2 * file.bytes, 'it has grown');
  const sent = await textOf(content);
  expect(Buffer.byteLength(sent!)).toBe(file.bytes);
  const { record } = (await store.read(id))!;
  const whole = await textOf(await store.openFile(id, runOf(record)!.fence, name));
  expect(whole!.startsWith(sent!)).toBe(true);

  const api = await openApi(service);
  const { status, headers, text } = await call(api, 'GET', `/v1/jobs/${id}/artifacts/${name}`);
  expect(status).toBe(200);
  expect(Number(headers['content-length'])).toBe(Buffer.byteLength(text));
});
