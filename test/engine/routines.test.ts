import { input, multiply } from '#core/expression/expression.js';
import type { Routine } from '#core/expression/routine.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { matrix, routineOf, runOn } from './support.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const times = (factor: number): Routine => routineOf({ result: multiply(factor, input('x')) });

async function resultOf(engine: Engine, routine: Routine): Promise<number> {
  const { matrices } = await runOn(engine, { routine, inputs: { x: matrix([[3]]) } });
  return matrices['result']!.data[0]!;
}

it('an engine forgets routines that nobody has any more, and keeps those that somebody has', async () => {
  const engine = await startEngine('onnx', 1);
  onTestFinished(() => engine.close());
  const kept = times(7);
  const others = Array.from({ length: 30 }, (_, factor) => times(factor));
  for (const routine of [kept, ...others]) await resultOf(engine, routine);
  expect((await engine.statistics()).routines).toBe(31);

  others.length = 0;
  let routines = Infinity;
  // The collector takes its time, and what it has found is told after that.
  for (let round = 0; routines > 2 && round < 100; round++) {
    collectGarbage();
    await setTimeout(20);
    routines = (await engine.statistics()).routines;
  }
  // One may still be in a register or on the stack.
  expect(routines).toBeLessThanOrEqual(2);
  expect(await resultOf(engine, kept)).toBe(21);
});
