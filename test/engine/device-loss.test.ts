import { compileRoutine } from '#core/expression/routine.js';
import { input, multiply } from '#core/expression/expression.js';
import { BackendLost } from '#engine/backend.js';
import { OnnxBackend } from '#engine/onnx/backend.js';
import { WEBGPU_FORM } from '#engine/onnx/form.js';
import { HostMemory } from '#engine/onnx/host-memory.js';
import { afterAll, describe, expect, it } from 'vitest';
import { matrix, routineOf } from './support.js';

/** The memory of a device that fails from some call on. */
class FailingMemory extends HostMemory {
  failing = false;

  override upload(...given: Parameters<HostMemory['upload']>): ReturnType<HostMemory['upload']> {
    if (this.failing) throw new Error('the buffer is invalid');
    return super.upload(...given);
  }

  override run(...given: Parameters<HostMemory['run']>): ReturnType<HostMemory['run']> {
    return this.failing ? Promise.reject(new Error('the queue is gone')) : super.run(...given);
  }
}

const backends: OnnxBackend<never>[] = [];
afterAll(async () => {
  for (const backend of backends) await backend.close();
});

/** @param alive whether the device answers after a failure */
function backendOn(memory: FailingMemory, alive: boolean) {
  const backend = new OnnxBackend({
    info: { name: 'failing', precision: 'float32', threads: 1, description: 'fails' },
    memory,
    session: () => ({ executionProviders: ['cpu'], logSeverityLevel: 4 }),
    form: WEBGPU_FORM,
    probe: () => (alive ? Promise.resolve() : Promise.reject(new Error('no answer'))),
  });
  backends.push(backend as unknown as OnnxBackend<never>);
  return backend;
}

const routine = compileRoutine(routineOf({ result: multiply(2, input('x')) }));

describe('a call that fails', () => {
  it('is the end of an engine whose device is gone', async () => {
    const memory = new FailingMemory();
    const backend = backendOn(memory, false);
    const x = await backend.upload(matrix([[1]]));
    const call = { routine, inputs: new Map([['x', x]]), scalars: {}, passes: [] };
    await backend.run(call);
    memory.failing = true;
    for (const attempt of [() => backend.run(call), () => backend.upload(matrix([[1]]))]) {
      const error: unknown = await attempt().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(BackendLost);
      expect((error as Error).message).toMatch(/^its device is gone: the (queue|buffer) .*; then no answer$/);
    }
  });

  it('leaves an engine usable whose device answers', async () => {
    const memory = new FailingMemory();
    const backend = backendOn(memory, true);
    const x = await backend.upload(matrix([[1]]));
    const call = { routine, inputs: new Map([['x', x]]), scalars: {}, passes: [] };
    memory.failing = true;
    const error: unknown = await backend.run(call).catch((reason: unknown) => reason);
    expect(error).not.toBeInstanceOf(BackendLost);
    expect((error as Error).message).toBe('the queue is gone');
    memory.failing = false;
    expect((await backend.download((await backend.run(call)).get('result')!)).data[0]).toBe(2);
  });
});
