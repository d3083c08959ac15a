import { runVectors } from '#engine/conformance/run.js';
import { checkEngine } from '#engine/engines.js';
import { startThreadedEngine } from '#engine/thread/threaded-engine.js';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const vectors = fileURLToPath(new URL('../vectors', import.meta.url));

it('TF32 needs a tolerance of its own, and its tolerance is twice what it errs', async () => {
  const module = new URL('./fixtures/tf32-backend.mjs', import.meta.url).href;
  const engine = await startThreadedEngine('tf32', { module, threads: 1, sharesProcessors: false });
  onTestFinished(() => engine.close());
  const errors: number[] = [];
  for await (const result of runVectors(vectors, engine)) {
    errors.push(result.error);
    expect(result.tolerance).toBe(1e-2);
  }
  expect(errors.length).toBe(66);
  expect(Math.max(...errors)).toBeLessThan(5e-3);
  expect(Math.max(...errors)).toBeGreaterThan(1e-3);
  expect(await checkEngine(engine)).toBeNull();
});
