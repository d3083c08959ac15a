import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Ground } from './service.js';

const ground = new Ground();

it('a record that is damaged stops no other job, and is told', async () => {
  const service = await ground.service();
  const view = await service.view();
  const one = await service.coordinator('one', ['--solve-here']);
  const running = await service.submit(one, { epochs: 25, name: 'long' });
  const waiting = await service.submit(one, { seed: 2 });
  const damaged = await service.submit(one, { seed: 3 });
  await view.step(running.id, 4);
  const file = join(service.place.store, `records/${damaged.id}.00000009.json`);
  await writeFile(file, '{"state": "queu');
  const told = await one.logged('store.damaged');
  expect(told['file']).toBe(file);
  const listed = (await one.client.list()).jobs.map(({ id }) => id);
  expect(listed.toSorted()).toEqual([running.id, waiting.id].toSorted());
  await expect(one.client.get(damaged.id)).rejects.toMatchObject({ code: 'STORE_RECORD_DAMAGED' });
  // It is not what a job of its own was waiting for.
  await one.kill();
  one.restart();
  await one.logged('store.damaged');
  await service.expectWhole(running);
  await service.expectWhole(waiting);
  expect(one.lines.filter(({ msg }) => msg === 'store.lost' || msg === 'queue.lost')).toEqual([]);
});
