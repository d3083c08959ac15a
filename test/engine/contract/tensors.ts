import { describe, expect, it } from 'vitest';
import { matrix, rowsOf } from '../support.js';
import type { Running } from './subject.js';

/** Matrices in and out. */
export function tensorContract(running: () => Running): void {
  describe('tensors', () => {
    it('come back as they were given', async () => {
      const { engine } = running();
      const rows = [
        [1, -2.5, 0],
        [-0, 2 ** 20, 2 ** -20],
      ];
      const tensor = await engine.upload(matrix(rows));
      expect([tensor.rows, tensor.columns]).toEqual([2, 3]);
      expect(rowsOf(await engine.download(tensor))).toEqual(rows);
      engine.release([tensor]);
    });

    it('have the precision of the engine', async () => {
      const { engine } = running();
      const tensor = await engine.upload(matrix([[0.1]]));
      const { data } = await engine.download(tensor);
      expect(data[0]).toBe(engine.info.precision === 'float32' ? Math.fround(0.1) : 0.1);
      expect(data).toBeInstanceOf(engine.info.precision === 'float32' ? Float32Array : Float64Array);
      engine.release([tensor]);
    });

    it.each([Float32Array, Float64Array])('are copied from a view into a larger %o', async (Data) => {
      const { engine } = running();
      const buffer = Data.from([9, 9, 1, 2, 3, 4, 9]);
      const tensor = await engine.upload({ rows: 2, columns: 2, data: buffer.subarray(2, 6) });
      expect([...buffer]).toEqual([9, 9, 1, 2, 3, 4, 9]);
      buffer.fill(0);
      expect(rowsOf(await engine.download(tensor))).toEqual([
        [1, 2],
        [3, 4],
      ]);
      engine.release([tensor]);
    });

    it('are downloaded as copies', async () => {
      const { engine } = running();
      const tensor = await engine.upload(matrix([[1, 2]]));
      (await engine.download(tensor)).data.fill(7);
      expect(rowsOf(await engine.download(tensor))).toEqual([[1, 2]]);
      engine.release([tensor]);
    });

    it('hold what is not finite', async () => {
      const { engine } = running();
      const tensor = await engine.upload(matrix([[NaN, Infinity, -Infinity]]));
      expect(rowsOf(await engine.download(tensor))).toEqual([[NaN, Infinity, -Infinity]]);
      engine.release([tensor]);
    });

    it('are counted until they are released', async () => {
      const { engine } = running();
      const bytes = engine.info.precision === 'float32' ? 4 : 8;
      const before = await engine.statistics();
      const tensors = [await engine.upload(matrix([[1, 2, 3]])), await engine.upload(matrix([[4]]))];
      const held = await engine.statistics();
      expect(held.tensors - before.tensors).toBe(2);
      expect(held.tensorBytes - before.tensorBytes).toBe(4 * bytes);
      engine.release(tensors);
      engine.release(tensors);
      const { tensors: count, tensorBytes } = await engine.statistics();
      expect([count, tensorBytes]).toEqual([before.tensors, before.tensorBytes]);
    });
  });
}
