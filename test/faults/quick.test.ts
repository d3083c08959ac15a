import { afterAll, it } from 'vitest';
import '../support/processes.js';
import { Scene } from './expectation.js';
import { rows } from './rows.js';

const scene = new Scene();
afterAll(() => scene.close());

const QUICK = ['kill -9 of one', 'kill -9 of all', 'a link half-open', 'a corrupted chunk, toTarget'];

it.each(rows.filter(({ name }) => QUICK.includes(name)))('$name', { timeout: 60_000 }, async (row) => {
  await scene.expectRow(row);
});
