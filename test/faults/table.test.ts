import { afterAll, it } from 'vitest';
import '../support/processes.js';
import { Scene } from './expectation.js';
import { rows } from './rows.js';

const scene = new Scene();
afterAll(() => scene.close());

it.each(rows)('$name', async (row) => {
  await scene.expectRow(row);
});
