import { runVectors, type CaseResult } from '#engine/conformance/run.js';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Running } from './subject.js';

const vectors = fileURLToPath(new URL('../../vectors', import.meta.url));

/** Results that an independent program computed. */
export function vectorContract(running: () => Running): void {
  describe('the conformance vectors', () => {
    it('are met, each in every form', async () => {
      const { engine } = running();
      const before = await engine.statistics();
      const results: CaseResult[] = [];
      for await (const result of runVectors(vectors, engine)) results.push(result);
      expect(results.filter(({ passed }) => !passed)).toEqual([]);
      const count = (form: string): number => results.filter((result) => result.form === form).length;
      expect({ direct: count('direct'), gram: count('gram'), exact: count('exact') }).toEqual({
        direct: 44,
        gram: 19,
        exact: 3,
      });
      expect((await engine.statistics()).tensors).toBe(before.tensors);
    });
  });
}
