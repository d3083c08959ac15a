import { input, multiply } from '#core/expression/expression.js';
import type { Engine } from '#engine/engine.js';
import { engineNames, startEngine } from '#engine/engines.js';
import { startThreadedEngine } from '#engine/thread/threaded-engine.js';
import { describe, expect, it } from 'vitest';
import { matrix, routineOf } from './support.js';

const module = new URL('./fixtures/broken-backends.mjs', import.meta.url).href;
const start = (failure: number): Promise<Engine> =>
  startThreadedEngine('broken', { module, threads: failure, sharesProcessors: false });

describe('an engine that cannot be had', () => {
  it.each([
    { name: 'whose backend fails to start', start: () => start(1), says: /the library is missing/ },
    {
      name: 'whose module does not exist',
      start: () =>
        startThreadedEngine('broken', { module: `${module}.none`, threads: 1, sharesProcessors: false }),
      says: /broken-backends\.mjs\.none/,
    },
    { name: 'of an unknown name', start: () => startEngine('abacus'), says: /known are onnx, onnx-cuda/ },
  ])('is refused: one $name', async ({ start, says }) => {
    await expect(start()).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringMatching(says) as string,
    });
  });
});

describe('an engine that is lost in a call', () => {
  it.each([
    { name: 'its thread ends', failure: 2, says: /ended with code 7/ },
    { name: 'it throws out of turn', failure: 3, says: /out of its mind/ },
    { name: 'its device is gone', failure: 4, says: /fell off the bus/ },
  ])('fails this and every later call: $name', async ({ failure, says }) => {
    const engine = await start(failure);
    const lost = { code: 'ENGINE_LOST', retryable: true, message: expect.stringMatching(says) as string };
    const tensor = await engine.upload(matrix([[1]]));
    const routine = routineOf({ result: multiply(2, input('x')) });
    const calls = [engine.run({ routine, inputs: { x: tensor } }), engine.download(tensor)];
    for (const call of calls) await expect(call).rejects.toMatchObject(lost);
    await expect(engine.upload(matrix([[1]]))).rejects.toMatchObject(lost);
    engine.release([tensor]);
    await expect(engine.close()).resolves.toBeUndefined();
  });
});

describe('the engine auto', () => {
  it('is one of the engines, with the threads asked for', async () => {
    const engine = await startEngine('auto', 1);
    expect(engineNames).toContain(engine.info.name);
    expect(engine.info.threads).toBe(1);
    await engine.close();
  });
});
