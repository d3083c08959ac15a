import { afterAll, beforeAll } from 'vitest';
import { answersAsDescribed } from '../api-http/description-suite.js';
import { refusesWithProblems } from '../api-http/refusal-suite.js';
import { call, openApi, submit } from '../api-http/support.js';
import { temporaryFolder } from '../store/support.js';
import { openCoordinator, openSharedCoordinator, type TestCoordinator } from './support.js';

let shared: TestCoordinator;
beforeAll(async () => {
  shared = await openSharedCoordinator();
});
afterAll(() => shared.close());

refusesWithProblems('the interface of a coordinator', async () => {
  const api = await openApi(shared.service);
  const [ended, waiting] = [await submit(api), await submit(api)];
  await call(api, 'POST', `/v1/jobs/${ended}/cancel`);
  return { api, ended, waiting };
});

answersAsDescribed('the interface of a coordinator', async () => {
  const folder = await temporaryFolder();
  const first = await openCoordinator({ folder, solvesHere: true });
  const completed = await first.submit();
  await first.reaches(completed, 'completed');
  await first.close();

  // From here on there is nobody to solve: the first job that is submitted waits for a worker.
  const { service } = await openCoordinator({ folder });
  const api = await openApi(service, { limits: { rate: null } });
  const ids = [completed, await submit(api), await submit(api)];
  const { next } = await service.list({ states: [], limit: 1, cursor: null });
  const files = (await service.artifacts(completed)).map(({ name }) => name);
  const upload = await call(api, 'POST', '/v1/datasets?name=a.npy', { body: 'abc' });
  const cursors = ['0.0.0', '1.4.2', '7.0.0', next!];
  return { api, known: [...ids, ...files, ...cursors, (upload.json as { id: string }).id] };
});
