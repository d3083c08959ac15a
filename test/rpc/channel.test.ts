import { LocopropError } from '#core/errors/error.js';
import { describe, expect, it } from 'vitest';
import { anySolve, anyState, connected, failureOf, floats, sameBits, solveOf, stateOf } from './support.js';

describe('a channel', () => {
  it('carries a matrix of 64 MiB each way at a time, and counts the bytes', async () => {
    const { worker, coordinator, atWorker, atCoordinator } = await connected();
    atWorker.wanted = anySolve;
    atCoordinator.wanted = anyState;
    const up = floats(1, 4096, 4096);
    const down = floats(2, 4096, 4096);
    const upTensor = worker.outgoing(up, 'ELEMENT_TYPE_F32');
    const downTensor = coordinator.outgoing(down, 'ELEMENT_TYPE_F32');
    await Promise.all([
      worker.send(stateOf({ a: upTensor.header }), [upTensor]),
      coordinator.send(solveOf(downTensor.header), [downTensor]),
      atWorker.count(1),
      atCoordinator.count(1),
    ]);
    const [gotUp, gotDown] = [await atCoordinator.matrices[0], await atWorker.matrices[0]];
    expect(sameBits(gotUp!.data, up.data)).toBe(true);
    expect(sameBits(gotDown!.data, down.data)).toBe(true);
    for (const end of [worker, coordinator]) {
      expect([end.bytesSent, end.bytesReceived]).toEqual([2 ** 26, 2 ** 26]);
    }
    expect(atWorker.messages[0]).toMatchObject({
      solve: { request: 2 ** 40, scalars: { values: { eta: 1 / 3 } } },
    });
  });

  it('carries columns of a matrix, as they are and as bfloat16, across the bounds of chunks', async () => {
    const { worker, atCoordinator } = await connected();
    atCoordinator.wanted = anyState;
    const matrix = floats(3, 3000, 333);
    const [start, end] = [17, 250];
    const whole = worker.outgoing(matrix, 'ELEMENT_TYPE_F32', [start, end]);
    const half = worker.outgoing(matrix, 'ELEMENT_TYPE_BF16', [start, end]);
    await worker.send(stateOf({ whole: whole.header, half: half.header }), [whole, half]);
    await atCoordinator.count(1);
    const [gotWhole, gotHalf] = await Promise.all(atCoordinator.matrices);
    expect([gotWhole!.rows, gotWhole!.columns]).toEqual([3000, 233]);
    for (let row = 0; row < 3000; row += 1) {
      const expected = matrix.data.subarray(row * 333 + start, row * 333 + end);
      const same = sameBits(gotWhole!.data.subarray(row * 233, (row + 1) * 233), expected);
      if (!same) expect(row).toBe('as it was sent');
      const rounded = gotHalf!.data.subarray(row * 233, (row + 1) * 233);
      // 8 bits of significand, so half a unit of the last is 2^-9 of the value.
      for (let column = 0; column < 233; column += 1) {
        const value = expected[column]!;
        if (Math.abs(rounded[column]! - value) > Math.abs(value) * 2 ** -8)
          expect(rounded[column]).toBe(value);
      }
    }
  });

  it('keeps the order of messages and passes over what is not taken', async () => {
    const { worker, atCoordinator } = await connected();
    const sends: Promise<void>[] = [];
    for (let bandwidth = 1; bandwidth <= 200; bandwidth += 1) {
      if (bandwidth % 50 === 0) {
        const tensor = worker.outgoing(floats(bandwidth, 500, 700), 'ELEMENT_TYPE_F32');
        sends.push(worker.send(stateOf({ a: tensor.header }), [tensor]));
      }
      sends.push(worker.send({ message: 'ready', ready: { bandwidth } }));
    }
    await Promise.all(sends);
    await atCoordinator.count(204);
    const order = atCoordinator.messages.flatMap((m) => (m.message === 'ready' ? [m.ready.bandwidth] : []));
    expect(order).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  it('sends urgent messages ahead of the chunks that wait', async () => {
    const { worker, atCoordinator } = await connected();
    const tensor = worker.outgoing(floats(1, 4096, 2048), 'ELEMENT_TYPE_F32');
    const sent = worker.send(stateOf({ a: tensor.header }), [tensor]);
    const after = worker.send({ message: 'ready', ready: { bandwidth: 1 } });
    worker.sendNow({ message: 'heartbeat', heartbeat: { number: 7, residentBytes: 0, busySeconds: 0 } });
    await atCoordinator.count(2);
    expect(worker.bytesSent).toBeLessThan(2 ** 25);
    expect(atCoordinator.messages.map(({ message }) => message)).toEqual(['state', 'heartbeat']);
    await Promise.all([sent, after]);
  });

  it('ends as agreed from either end, after what was sent', async () => {
    for (const first of ['worker', 'coordinator'] as const) {
      const pair = await connected();
      pair.atCoordinator.wanted = anyState;
      pair.atWorker.wanted = anySolve;
      const matrix = floats(5, 1000, 1000);
      if (first === 'worker') {
        const tensor = pair.worker.outgoing(matrix, 'ELEMENT_TYPE_F32');
        void pair.worker.send(stateOf({ a: tensor.header }), [tensor]);
      } else {
        const tensor = pair.coordinator.outgoing(matrix, 'ELEMENT_TYPE_F32');
        void pair.coordinator.send(solveOf(tensor.header), [tensor]);
      }
      pair[first].close();
      expect(await pair.atWorker.ended).toBeNull();
      expect(await pair.atCoordinator.ended).toBeNull();
      const [got] = await Promise.all([...pair.atCoordinator.matrices, ...pair.atWorker.matrices]);
      expect(sameBits(got!.data, matrix.data)).toBe(true);
      expect([pair.atWorker.ends, pair.atCoordinator.ends]).toEqual([1, 1]);
      const refused = await failureOf(pair.worker.send({ message: 'ready', ready: { bandwidth: 1 } }));
      expect(refused).toMatchObject({ code: 'CLUSTER_CHANNEL_CLOSED' });
    }
  });

  it('ended with an error tells the peer its code, and rejects what waits', async () => {
    for (const first of ['worker', 'coordinator'] as const) {
      const pair = await connected();
      pair.atCoordinator.wanted = anyState;
      const tensor = pair.worker.outgoing(floats(5, 8000, 1000), 'ELEMENT_TYPE_F32');
      const sent = pair.worker.send(stateOf({ a: tensor.header }), [tensor]);
      const rejected = failureOf(sent);
      await pair.atCoordinator.count(1);
      pair[first].close(new LocopropError('CLUSTER_TENSOR_CORRUPT', { peer: 'me', reason: 'of ünrest\n' }));
      expect(await rejected).toMatchObject({ code: 'CLUSTER_CHANNEL_CLOSED' });
      for (const inbox of [pair.atWorker, pair.atCoordinator]) {
        const reason = await inbox.ended;
        expect(reason).toMatchObject({ code: 'CLUSTER_TENSOR_CORRUPT' });
        expect(reason?.message).toContain('of ünrest');
      }
      await expect(pair.atCoordinator.matrices[0]).rejects.toMatchObject({ code: 'CLUSTER_TENSOR_CORRUPT' });
      expect([pair.atWorker.ends, pair.atCoordinator.ends]).toEqual([1, 1]);
    }
  });

  it('is closed by the receiver that throws, with its error', async () => {
    const pair = await connected();
    const error = new LocopropError('CLUSTER_PEER_INVALID', { peer: 'w', reason: 'so be it' });
    pair.atCoordinator.wanted = () => {
      throw error;
    };
    await pair.worker.send({ message: 'ready', ready: { bandwidth: 1 } });
    expect(await pair.atCoordinator.ended).toBe(error);
    expect(await pair.atWorker.ended).toMatchObject({ code: 'CLUSTER_PEER_INVALID' });
  });

  it('refuses matrices that its message has no headers of, and ones of the wrong size', async () => {
    const { worker } = await connected();
    const tensor = worker.outgoing(floats(1, 2, 2), 'ELEMENT_TYPE_F32');
    await expect(worker.send({ message: 'ready', ready: { bandwidth: 1 } }, [tensor])).rejects.toThrow(
      RangeError,
    );
    await expect(worker.send(stateOf({ a: tensor.header }))).rejects.toThrow(RangeError);
    expect(() => worker.outgoing(floats(1, 2, 2), 'ELEMENT_TYPE_F32', [1, 3])).toThrow(RangeError);
    const gone = floats(1, 600, 600);
    const sent = worker.outgoing(gone, 'ELEMENT_TYPE_F32');
    structuredClone(gone.data.buffer, { transfer: [gone.data.buffer as ArrayBuffer] });
    expect(await failureOf(worker.send(stateOf({ a: sent.header }), [sent]))).toMatchObject({
      code: 'CLUSTER_CHANNEL_CLOSED',
    });
  });

  it('lets timers run while large matrices come and go', async () => {
    const { worker, coordinator, atWorker, atCoordinator } = await connected();
    atWorker.wanted = anySolve;
    atCoordinator.wanted = anyState;
    const matrix = floats(1, 4096, 2048);
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    const started = performance.now();
    const up = worker.outgoing(matrix, 'ELEMENT_TYPE_BF16', [1, 2047]);
    const down = coordinator.outgoing(matrix, 'ELEMENT_TYPE_BF16', [1, 2047]);
    await Promise.all([
      worker.send(stateOf({ a: up.header }), [up]),
      coordinator.send(solveOf(down.header), [down]),
      atWorker.count(1),
      atCoordinator.count(1),
    ]);
    await Promise.all([...atWorker.matrices, ...atCoordinator.matrices]);
    clearInterval(timer);
    // Both ends share this thread, and the machine may be busy with other tests.
    expect(ticks).toBeGreaterThan((performance.now() - started) / 100);
  });
});
