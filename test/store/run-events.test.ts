import type { EpochMetrics, RunEvent, RunEventBody } from '#core/events.js';
import { FolderRunStore } from '#services/store/folder-run-store.js';
import { MetricsFile, readMetrics } from '#services/store/metrics.js';
import { readEvents, RunEvents } from '#services/store/run-events.js';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failureOf, temporaryFolder } from './support.js';

const clock = (): Date => new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678));

const stepDone = (step: number): RunEventBody => ({
  type: 'step.done',
  epoch: 1,
  step,
  loss: 1 / step,
  examples: 10,
  seconds: 0.1,
  phases: { data: 0, forward: 0, targets: 0, solve: 0 },
});

const metricsAt = (epoch: number): EpochMetrics => ({
  epoch,
  step: epoch * 2,
  trainLoss: 10 / epoch,
  testLoss: null,
  trainError: 0.1,
  testError: null,
  trainAccuracy: null,
  testAccuracy: 0.5,
  trainSeconds: epoch,
  examplesPerSecond: 100,
  layers: [{ objectiveBefore: 2, objectiveAfter: null, largestRise: null, guardRedone: 0, guardGaveUp: 1 }],
});

async function openLog(
  folder: string,
): Promise<{ store: FolderRunStore; events: RunEvents; metrics: MetricsFile }> {
  const store = new FolderRunStore(folder);
  onTestFinished(() => store.close());
  const events = await RunEvents.open(store, clock);
  const metrics = await MetricsFile.open(store);
  events.subscribe(metrics.record);
  return { store, events, metrics };
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const linesOf = async (path: string): Promise<string[]> =>
  (await readFile(path, 'utf8')).split('\n').slice(0, -1);

describe('the event log', () => {
  it('numbers events from 1, a line each, and then tells the subscribers', async () => {
    const folder = await temporaryFolder();
    const { events, store } = await openLog(folder);
    const told: RunEvent[] = [];
    const stop = events.subscribe((event) => void told.push(event));
    // Not awaited one by one: the order is that of the calls.
    await Promise.all([1, 2, 3].map((step) => events.emit(stepDone(step))));
    stop();
    await events.emit(stepDone(4));
    expect(await linesOf(join(folder, 'events.jsonl'))).toEqual(
      [1, 2, 3, 4].map((n) =>
        JSON.stringify({ sequence: n, time: '2026-01-02T03:04:05.678Z', ...stepDone(n) }),
      ),
    );
    expect(told.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(events.last).toBe(4);
    expect(await all(readEvents(store))).toHaveLength(4);
  });

  it('goes on where it stood, without an unfinished last line', async () => {
    const folder = await temporaryFolder();
    const { events, store } = await openLog(folder);
    await events.emit(stepDone(1));
    await events.emit(stepDone(2));
    await store.close();
    const path = join(folder, 'events.jsonl');
    await truncate(path, (await readFile(path)).length - 5);

    const again = await openLog(folder);
    expect(again.events.last).toBe(1);
    expect((await again.events.emit(stepDone(3))).sequence).toBe(2);
    expect(
      (await all(readEvents(again.store))).map((event) => ('step' in event ? event.step : null)),
    ).toEqual([1, 3]);
  });

  it('does not show readers an unfinished last line', async () => {
    const folder = await temporaryFolder();
    const { events, store } = await openLog(folder);
    await events.emit(stepDone(1));
    await appendFile(join(folder, 'events.jsonl'), '{"sequence":2,"ti');
    expect(await all(readEvents(store))).toHaveLength(1);
  });

  it('is taken back to a number, whatever a power cut left behind it', async () => {
    const folder = await temporaryFolder();
    const { events, store } = await openLog(folder);
    for (const step of [1, 2, 3]) await events.emit(stepDone(step));
    await store.close();
    await appendFile(
      join(folder, 'events.jsonl'),
      Buffer.concat([Buffer.alloc(4096), Buffer.from('\nrest\n')]),
    );

    const again = await openLog(folder);
    await again.events.truncateTo(2);
    expect(again.events.last).toBe(2);
    await again.events.emit(stepDone(9));
    expect((await all(readEvents(again.store))).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(await linesOf(join(folder, 'events.jsonl'))).toHaveLength(3);
  });

  it('that ends before the checkpoint is damaged', async () => {
    const { events } = await openLog(await temporaryFolder());
    await events.emit(stepDone(1));
    expect(await failureOf(events.truncateTo(2))).toMatchObject({
      code: 'STORE_LOG_DAMAGED',
      message: expect.stringMatching(
        /^Line 2 of .*events\.jsonl cannot be used: the log ends before event 2/,
      ) as string,
    });
  });

  it.each([
    ['no JSON', 'x', /^Line 2 of .* it is not JSON/],
    ['another number', '{"sequence":7,"type":"step.done"}', /^Line 2 of .* it is not event 2/],
    ['null', 'null', /^Line 2 of .* it is not event 2/],
    ['no type', '{"sequence":2}', /^Line 2 of .* it is not event 2/],
    ['metrics of another kind', '{"sequence":2,"type":"epoch.done","epoch":"one"}', /^Line 2 of .*epoch/],
    ['no end', 'x'.repeat(1 << 25), /^Line 2 of .* longer than 16777216 bytes/],
  ])('with %s in a line names the line', async (_, line, message) => {
    const folder = await temporaryFolder();
    const { events, store } = await openLog(folder);
    await events.emit(stepDone(1));
    await appendFile(join(folder, 'events.jsonl'), `${line}\n`);
    expect(await failureOf(readMetrics(store))).toMatchObject({
      code: 'STORE_LOG_DAMAGED',
      message: expect.stringMatching(message) as string,
    });
  });

  it('passes on what a subscriber throws, and goes on after it', async () => {
    const { events } = await openLog(await temporaryFolder());
    const stop = events.subscribe(() => {
      throw new Error('no more');
    });
    expect(await failureOf(events.emit(stepDone(1)))).toMatchObject({ message: 'no more' });
    stop();
    expect((await events.emit(stepDone(2))).sequence).toBe(2);
  });
});

describe('metrics.jsonl', () => {
  it('is read from logs of older versions, which do not count what the guard gave up', async () => {
    const { store, events } = await openLog(await temporaryFolder());
    const { layers, ...metrics } = metricsAt(1);
    const older = layers.map(({ guardGaveUp: _, ...layer }) => layer);
    await events.emit({ type: 'epoch.done', ...metrics, layers: older as unknown as typeof layers });
    const [read] = await readMetrics(store);
    expect(read!.layers).toEqual([{ ...layers[0]!, guardGaveUp: 0 }]);
  });

  it('has a line an epoch, with the metrics and nothing else', async () => {
    const folder = await temporaryFolder();
    const { events, store } = await openLog(folder);
    await events.emit(stepDone(1));
    await events.emit({ type: 'epoch.done', ...metricsAt(1) });
    await events.emit({ ...metricsAt(2), type: 'epoch.done' });
    expect(await linesOf(join(folder, 'metrics.jsonl'))).toEqual(
      [1, 2].map((epoch) => JSON.stringify(metricsAt(epoch))),
    );
    expect(await readMetrics(store)).toEqual([metricsAt(1), metricsAt(2)]);
  });

  it('follows the log when a run is taken back, and when a crash kept a line out of it', async () => {
    const folder = await temporaryFolder();
    const { events, metrics } = await openLog(folder);
    for (const epoch of [1, 2, 3]) await events.emit({ type: 'epoch.done', ...metricsAt(epoch) });
    await events.truncateTo(2);
    await metrics.followLog();
    await events.emit({ type: 'epoch.done', ...metricsAt(3) });
    const expected = [1, 2, 3].map((epoch) => JSON.stringify(metricsAt(epoch)));
    expect(await linesOf(join(folder, 'metrics.jsonl'))).toEqual(expected);

    await writeFile(join(folder, 'metrics.jsonl'), `${expected[0]}\n`);
    const again = await openLog(folder);
    await again.metrics.followLog();
    expect(await linesOf(join(folder, 'metrics.jsonl'))).toEqual(expected);
  });
});
