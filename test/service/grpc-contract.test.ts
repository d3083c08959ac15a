import { afterAll, beforeAll } from 'vitest';
import { answersAnything } from '../api-grpc/fuzz-suite.js';
import { refusesWithStatuses } from '../api-grpc/refusal-suite.js';
import { servingOf, submit } from '../api-grpc/support.js';
import { chunksOf } from '../job-store/support.js';
import { temporaryFolder } from '../store/support.js';
import { openCoordinator, openSharedCoordinator, type TestCoordinator } from './support.js';

let shared: TestCoordinator;
beforeAll(async () => {
  shared = await openSharedCoordinator();
});
afterAll(() => shared.close());

refusesWithStatuses('the interface of a coordinator', async () => {
  const far = await servingOf(shared.service);
  return { ...far, waiting: await submit(far, 'small', 'k') };
});

answersAnything('the interface of a coordinator', async () => {
  const folder = await temporaryFolder();
  const first = await openCoordinator({ folder, solvesHere: true });
  const completed = await first.submit();
  await first.reaches(completed, 'completed');
  await first.close();

  // From here on there is nobody to solve: what is submitted waits.
  const { service, submit: add } = await openCoordinator({ folder });
  const far = await servingOf(service);
  const { id: dataset } = await service.upload(chunksOf('1,2\n'), { name: 'a.csv', digest: null });
  const waiting = [await add(), await add()];
  const { next } = await service.list({ states: [], limit: 1, cursor: null });
  const names = (await service.artifacts(completed)).map(({ name }) => name);
  const cursors = ['0.0.0', '1.1.1', '1.4.2', '7.0.0', next!];
  return { far, known: [completed, ...waiting, dataset, ...names, ...cursors] };
});
