import type { LayerRule } from '#core/layer.js';
import type { LayerState } from '#core/state.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { dial } from '#services/rpc/worker-client.js';
import { plainText } from '#services/security/transport-security.js';
import type { WorkerEvent } from '#services/telemetry/worker-events.js';
import { Session } from '#worker/session.js';
import { runWorker, type WorkerOptions, type WorkerSummary } from '#worker/worker.js';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { randomState, ruleOf } from '../engine/support.js';
import { startCoordinator, type Connection } from './coordinator.js';
import { loadOf, partsOn, problemOf, solveOf } from './support.js';

const SEED = 33;
interface Layer {
  readonly rule: LayerRule;
  readonly state: LayerState;
  readonly examples: number;
}
const layerOf = (choice: Parameters<typeof ruleOf>[0], examples: number): Layer => {
  const rule = ruleOf({ optimizer: { name: 'adam' }, ...choice });
  return { rule, state: randomState(SEED, rule), examples };
};
const small = layerOf({ inputs: 5, units: 4, learningRate: 1e-2 }, 6);
/** Solving it takes tenths of a second or more. */
const large = layerOf({ inputs: 600, units: 600, iterations: 120 }, 400);

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine('onnx', 1);
});
afterAll(async () => {
  expect((await engine.statistics()).tensors).toBe(0);
  await engine.close();
});

interface Started {
  readonly events: WorkerEvent[];
  readonly stop: () => void;
  readonly done: Promise<WorkerSummary>;
}

/** Runs a worker in this process until the test ends. */
function start(addresses: readonly string[], options: Partial<WorkerOptions> = {}): Started {
  const events: WorkerEvent[] = [];
  const controller = new AbortController();
  const done = runWorker({
    engine,
    addresses,
    security: plainText,
    name: 'tested',
    version: '1.2.3',
    memoryBytes: 2 ** 30,
    once: false,
    drainMs: 30_000,
    stop: controller.signal,
    record: (event) => events.push(event),
    ...options,
  });
  onTestFinished(async () => {
    controller.abort();
    await done.catch(() => undefined);
  });
  return { events, stop: () => controller.abort(), done };
}

const goodbye = (connection: Connection, runEnded = true): void =>
  connection.send({ message: 'goodbye', goodbye: { reason: 'done', runEnded } });
const load = (connection: Connection, part = 1, { rule, state, examples } = small): void =>
  connection.sendWith(loadOf(rule, state, { part, batch: examples }), (fields) => ({
    message: 'load',
    load: fields,
  }));
const solve = (connection: Connection, step: number, part = 1, { rule, examples } = small): void =>
  connection.sendWith(solveOf(rule, step, problemOf(SEED, step, rule, examples), { part }), (fields) => ({
    message: 'solve',
    solve: fields,
  }));
const unload = (connection: Connection, part = 1): void =>
  connection.send({ message: 'unload', unload: { part } });

describe('a worker', () => {
  it('joins, measures its link, serves parts and ends with the run', async () => {
    const { address, worker } = await startCoordinator();
    const { done, events } = start([address], { once: true });
    const connection = await worker();
    expect(connection.hello).toMatchObject({
      name: 'tested',
      version: '1.2.3',
      pid: process.pid,
      engine: 'onnx',
    });
    expect(connection.hello.gflops).toBeGreaterThan(0);
    const { ready } = await connection.message('ready');
    expect(ready.bandwidth).toBeGreaterThan(1e5);

    load(connection);
    await connection.message('done');
    solve(connection, 1);
    const { solved } = await connection.message('solved');
    expect(solved).toMatchObject({ finite: true, repeated: false });
    connection.send({ message: 'settle', settle: { part: 1, step: 1, accepted: true } });
    connection.send({ message: 'fetch', fetch: { request: 70, part: 1, step: 1 } });
    const { state: slots } = await connection.message('state');
    expect(slots).toMatchObject({ request: 70, step: 1, updates: small.rule.iterations });
    expect(Object.keys(slots.weightSlots)).toEqual(Object.keys(small.state.weightSlots));
    solve(connection, 1);
    const { refused } = await connection.message('refused');
    expect(refused).toMatchObject({ code: 'REFUSAL_CODE_STEP_STALE' });

    goodbye(connection);
    expect(await done).toMatchObject({ name: 'tested', runs: 1, solves: 1 });
    expect(events.map(({ type }) => type)).toEqual([
      'worker.started',
      'worker.joined',
      'part.loaded',
      'part.solved',
      'request.refused',
      'worker.dismissed',
      'worker.ended',
    ]);
    expect(events[2]).toEqual({
      type: 'part.loaded',
      worker: 'member-1',
      layer: 4,
      start: 0,
      end: 4,
      step: 0,
    });
  });

  it('is not taken for one with a slow link where a single echo is late', async () => {
    const firstEchoMs = 400;
    const { address, worker } = await startCoordinator({ firstEchoMs });
    start([address]);
    const { ready } = await (await worker()).message('ready');
    // All 64 KiB of it, there and back, in that time.
    expect(ready.bandwidth).toBeGreaterThan((10 * 2 * 65_536 * 1000) / firstEchoMs);
  });

  it('serves the next run after one has ended', async () => {
    const { address, worker } = await startCoordinator();
    const { done, stop } = start([address]);
    const first = await worker(1);
    await first.message('ready');
    goodbye(first);
    const second = await worker(2);
    await second.message('ready');
    // What it held of the run before is gone.
    solve(second, 1);
    expect((await second.message('refused')).refused.code).toBe('REFUSAL_CODE_PART_UNKNOWN');
    stop();
    expect(await done).toMatchObject({ runs: 1, solves: 0 });
  });

  it('goes on with its heartbeats through a long solve', async () => {
    const { address, worker } = await startCoordinator();
    start([address]);
    const connection = await worker();
    await connection.message('ready');
    load(connection, 1, large);
    await connection.message('done');
    const before = performance.now();
    solve(connection, 1, 1, large);
    const { solved } = await connection.message('solved');
    const beats = connection.times.filter((_, index) => connection.messages[index]!.message === 'heartbeat');
    const during = [before, ...beats.filter((time) => time > before), performance.now()];
    const gaps = during.slice(1).map((time, index) => time - during[index]!);
    expect(solved.seconds).toBeGreaterThan(0.1);
    // A worker that stood still would leave one gap as long as the solve.
    expect(Math.max(...gaps)).toBeLessThan(Math.max(500, 500 * solved.seconds));
    const last = connection.all('heartbeat').at(-1)!.heartbeat;
    expect(last.residentBytes).toBeGreaterThan(0);
    goodbye(connection);
  });

  it('sends a solution before it begins with the next problem', async () => {
    const { address, worker } = await startCoordinator();
    start([address]);
    const connection = await worker();
    await connection.message('ready');
    const parts = [1, 2, 3];
    for (const part of parts) load(connection, part, large);
    await connection.message('done', parts.length);
    for (const part of parts) solve(connection, 1, part, large);
    await connection.message('solved', parts.length);
    const answers = connection.all('solved');
    const times = answers.map((answer) => connection.times[connection.messages.indexOf(answer)]!);
    for (const [index, { solved }] of answers.entries()) {
      if (index > 0) expect(times[index]! - times[index - 1]!).toBeGreaterThan(500 * solved.seconds);
    }
    goodbye(connection);
  });

  it('gives a silent coordinator up, and dials the next', async () => {
    const silent = await startCoordinator({ leaseMs: 2000 });
    const next = await startCoordinator();
    const { events } = start([silent.address, next.address]);
    const connection = await silent.worker();
    await connection.message('ready');
    load(connection);
    await connection.message('done');
    connection.answering = false;
    const reason = await connection.end();
    expect(reason?.message).toMatch(/nothing came for 2000 ms/);
    await (await next.worker()).message('ready');
    expect(events.find(({ type }) => type === 'worker.disconnected')).toMatchObject({
      coordinator: silent.address,
      code: 'CLUSTER_CHANNEL_CLOSED',
    });
  });

  it('dials the second address where nobody is at the first', async () => {
    const { address, worker } = await startCoordinator();
    const { events } = start(['127.0.0.1:1', address]);
    await (await worker()).message('ready');
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'worker.unreachable',
        coordinator: '127.0.0.1:1',
        code: 'CLUSTER_UNREACHABLE',
      }),
    );
  });

  it('goes on answering when it is asked to stop, until its parts are unloaded', async () => {
    const { address, worker } = await startCoordinator();
    const { done, stop, events } = start([address]);
    const connection = await worker();
    await connection.message('ready');
    load(connection);
    await connection.message('done');
    stop();
    await connection.message('leaving');
    load(connection, 2);
    expect((await connection.message('refused')).refused.code).toBe('REFUSAL_CODE_DRAINING');
    solve(connection, 1);
    expect((await connection.message('solved')).solved.finite).toBe(true);
    unload(connection);
    expect(await connection.end()).toBeNull();
    expect(await done).toMatchObject({ solves: 1 });
    expect(events).toContainEqual({ type: 'worker.left', worker: 'member-1', partsLeft: 0 });
  });

  it('leaves its parts behind when nobody takes them in time', async () => {
    const { address, worker } = await startCoordinator();
    const { done, stop, events } = start([address], { drainMs: 50 });
    const connection = await worker();
    await connection.message('ready');
    load(connection);
    await connection.message('done');
    stop();
    await done;
    expect(await connection.end()).toBeNull();
    expect(events).toContainEqual({ type: 'worker.left', worker: 'member-1', partsLeft: 1 });
  });

  it('stops at once while it waits for a coordinator', async () => {
    const { done, stop } = start(['127.0.0.1:1']);
    setTimeout(stop, 300);
    expect(await done).toMatchObject({ runs: 0, solves: 0 });
  });

  it('fails for good with a wrong token', async () => {
    const { address } = await startCoordinator({ security: { tls: null, token: 'right' } });
    const { done } = start([address], { security: { tls: null, token: 'wrong' } });
    await expect(done).rejects.toMatchObject({ code: 'CLUSTER_TOKEN_REFUSED' });
  });
});

describe('a session', () => {
  it('is refused where it speaks another revision', async () => {
    const { address } = await startCoordinator();
    const session = new Session({
      address,
      hello: {
        protocol: 99,
        name: 'tested',
        version: '1.2.3',
        host: 'here',
        pid: 1,
        engine: 'onnx',
        engineDescription: '',
        threads: 1,
        memoryBytes: 1,
        gflops: 1,
      },
      parts: partsOn(engine),
      drainMs: 1,
      record: () => undefined,
      dial: (receiver, signal) => dial({ address, security: plainText, receiver, signal }),
    });
    expect(await session.ended).toMatchObject({
      kind: 'broken',
      error: { code: 'CLUSTER_PROTOCOL_MISMATCH', details: { worker: 99 } },
    });
  });
});
