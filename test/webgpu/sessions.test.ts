import { input, multiply } from '#core/expression/expression.js';
import { compileRoutine } from '#core/expression/routine.js';
import type { DeviceTensor } from '#engine/onnx/device-memory.js';
import { expect, it } from 'vitest';
import { routineOf } from '../engine/support.js';
import { openDevice } from './device.js';

const ROUNDS = 5;
const SIZE = 16;

it('keeps results on the device whose session is dropped for another one', async () => {
  const device = await openDevice({ sessionBytes: 1 });
  const x = await device.upload({ rows: SIZE, columns: SIZE, data: new Float32Array(SIZE ** 2).fill(1) });
  const times = async (factor: number, of: DeviceTensor): Promise<DeviceTensor> => {
    const routine = compileRoutine(routineOf({ result: multiply(factor, input('x')) }));
    const results = await device.run({ routine, inputs: new Map([['x', of]]), scalars: {}, passes: [] });
    return results.get('result')!;
  };
  const first = async (tensor: DeviceTensor): Promise<number> => (await device.download(tensor)).data[0]!;

  for (let round = 0; round < ROUNDS; round++) {
    // Each is made by a session that makes room for that of the next one.
    const doubled = await times(2, x);
    const tripled = await times(3, doubled);
    const other = await times(5, x);
    expect(device.sessions).toBe(1);
    expect([await first(doubled), await first(tripled), await first(other)]).toEqual([2, 6, 5]);
    device.release(other);
    device.release(doubled);
    expect(await first(tripled)).toBe(6);
    device.release(tripled);
  }
  device.release(x);
  await device.close();
});
