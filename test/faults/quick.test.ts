import { afterAll, it } from 'vitest';
import '../support/processes.js';
import { Scene } from './expectation.js';
import { rows } from './rows.js';

const scene = new Scene();
afterAll(() => scene.close());

/** All rows are those of table.test.ts, which takes minutes. */
const QUICK = ['kill -9 of one', 'a corrupted chunk, toTarget'];

it.each(rows.filter(({ name }) => QUICK.includes(name)))('$name', async (row) => {
  await scene.expectRow(row);
});
