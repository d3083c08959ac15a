import { Writable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { WriteStream } from 'node:tty';
import { openProgress } from '#cli/progress.js';
import type { RunEvent, RunEventBody } from '#core/events.js';

let sequence = 0;
const event = (body: RunEventBody): RunEvent => ({
  sequence: ++sequence,
  time: '2026-01-01T00:00:00.000Z',
  ...body,
});

const started = (step: number): RunEvent =>
  event({
    type: 'run.started',
    job: 'job',
    engine: 'onnx',
    threads: 2,
    parameters: 1234,
    trainExamples: 1000,
    stepsPerEpoch: 10,
    epochs: 3,
    step,
  });

const stepDone = (step: number): RunEvent =>
  event({
    type: 'step.done',
    epoch: Math.ceil(step / 10),
    step,
    loss: 61.23456,
    examples: 100,
    seconds: 0.5,
    phases: { data: 0, forward: 0, targets: 0, solve: 0 },
  });

/** A stream that keeps what is written. */
function fakeStream(
  isTTY: boolean,
  columns: number,
): { stream: WriteStream & { fd: number }; written: string[] } {
  const written: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _, done) => {
      written.push(text);
      done();
    },
  });
  return {
    stream: Object.assign(stream, {
      isTTY,
      columns,
      fd: 2,
      getColorDepth: () => 1,
    }) as unknown as WriteStream & { fd: number },
    written,
  };
}

/** Lets the clock stand still but for `advance`. */
function clock(): { advance: (ms: number) => void } {
  let now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return { advance: (ms) => (now += ms) };
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('the progress line of a terminal', () => {
  it('is rewritten in place with what is known, and fits the width', () => {
    vi.stubEnv('FORCE_COLOR', undefined);
    vi.stubEnv('TERM', 'xterm');
    const { advance } = clock();
    for (const [columns, expected] of [
      [120, 'epoch 2/3  step 12/30  batch loss 61.23  18.0 s left  200 examples/s'],
      [53, 'epoch 2/3  step 12/30  batch loss 61.23  18.0 s left'],
      [12, 'epoch 2/3'],
      [5, 'epoc'],
    ] as const) {
      const { stream, written } = fakeStream(true, columns);
      const view = openProgress(stream);
      view.record(started(10));
      advance(1000);
      view.record(stepDone(11));
      advance(1000);
      view.record(stepDone(12));
      expect(written.at(-1)).toBe(`\r${expected}\u001b[K`);
      // No more often than ten times a second.
      const count = written.length;
      advance(50);
      view.record(stepDone(13));
      expect(written).toHaveLength(count);
      view.close();
      expect(written.at(-1)).toBe('\n');
    }
  });
});

describe('progress where there is no terminal', () => {
  it('warns of a layer that the guard leaves as it was the first time, and counts them by epoch', () => {
    const { stream, written } = fakeStream(false, 80);
    const view = openProgress(stream);
    const gaveUp = (step: number, layer: number): RunEvent =>
      event({
        ...{ type: 'guard.gave-up', step, layer, attempt: 6, learningRateFactor: 1e-5 },
        ...{ objectiveBefore: 1, objectiveAfter: 1e9 },
      });
    for (const [step, layer] of [
      [1, 2],
      [2, 2],
      [2, 1],
    ] as const)
      view.record(gaveUp(step, layer));
    view.record(
      event({
        ...{ type: 'epoch.done', epoch: 1, step: 2, trainLoss: 3, testLoss: null, trainError: 1 },
        ...{
          testError: null,
          trainAccuracy: null,
          testAccuracy: null,
          trainSeconds: 1,
          examplesPerSecond: 9,
        },
        layers: [1, 2].map((guardGaveUp) => ({
          ...{ objectiveBefore: null, objectiveAfter: null, largestRise: null, guardRedone: 0, guardGaveUp },
        })),
      }),
    );
    expect(written.map((line) => line.trimEnd())).toEqual([
      'warning: layer 2 stayed as it was in step 1: the guard refused 6 solves, each with a smaller step',
      'warning: layer 1 stayed as it was in step 2: the guard refused 6 solves, each with a smaller step',
      'epoch 1 done  step 2  train loss 3  9 examples/s  3 local problems given up',
    ]);
  });

  it('is a line at the start, at each epoch and every ten seconds', () => {
    const { advance } = clock();
    const { stream, written } = fakeStream(false, 80);
    const view = openProgress(stream);
    view.record(started(0));
    for (let step = 1; step <= 9; step++) {
      advance(3000);
      view.record(stepDone(step));
    }
    view.close();
    expect(written.map((line) => line.trimEnd())).toEqual([
      'job: 1,234 parameters, 1,000 examples, 3 epochs; onnx, 2 threads',
      'epoch 1/3  step 4/30  batch loss 61.23  1 min 18 s left  200 examples/s',
      'epoch 1/3  step 8/30  batch loss 61.23  1 min 06 s left  200 examples/s',
    ]);
  });
});
