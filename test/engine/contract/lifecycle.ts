import { input, multiply } from '#core/expression/expression.js';
import { describe, expect, it } from 'vitest';
import { matrix, routineOf, rowsOf } from '../support.js';
import type { Subject } from './subject.js';

/** The end of an engine. */
export function lifecycleContract({ start }: Subject): void {
  describe('an engine that is closed', () => {
    it('can be closed again, also at the same time', async () => {
      const engine = await start(1);
      await Promise.all([engine.close(), engine.close()]);
      await expect(engine.close()).resolves.toBeUndefined();
    });

    it('finishes the calls made before', async () => {
      const engine = await start(1);
      const tensor = await engine.upload(matrix([[3]]));
      const answer = engine.download(tensor);
      const closed = engine.close();
      expect(rowsOf(await answer)).toEqual([[3]]);
      await closed;
    });

    it('refuses every further call', async () => {
      const engine = await start(1);
      const tensor = await engine.upload(matrix([[3]]));
      await engine.close();
      const lost = { code: 'ENGINE_LOST', retryable: true };
      const routine = routineOf({ result: multiply(2, input('x')) });
      await expect(engine.upload(matrix([[1]]))).rejects.toMatchObject(lost);
      await expect(engine.download(tensor)).rejects.toMatchObject(lost);
      await expect(engine.run({ routine, inputs: { x: tensor } })).rejects.toMatchObject(lost);
      await expect(engine.statistics()).rejects.toMatchObject(lost);
      expect(() => engine.release([tensor])).not.toThrow();
    });
  });
}
