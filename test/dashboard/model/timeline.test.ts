import { expect, it } from 'vitest';
import { timelineOf } from '../../../dashboard/src/data/timeline.ts';

const solve = (startedMs: number, receive: number, wait: number, solves: number, send: number) => ({
  ...{ job: 'j', step: 1, layer: 1, startedAt: new Date(startedMs).toISOString() },
  ...{ receiveSeconds: receive, waitSeconds: wait, solveSeconds: solves, sendSeconds: send },
});

it('the time of workers is shared out, on one clock, and nothing is counted twice', () => {
  const lanes = timelineOf([
    // Receives 0 to 1 s and 1 to 2 s, solves 1 to 3 s and 3 to 5 s, sends 3 to 4 s and 5 to 6 s.
    { worker: 'a', timeline: [solve(0, 1, 0, 2, 1), solve(1000, 1, 1, 2, 1)] },
    { worker: 'b', timeline: [solve(0, 1, 0, 1, 1)] },
    { worker: 'c', timeline: [] },
  ])!;
  expect(lanes.span).toEqual({ from: 0, to: 6000 });
  const [a, b, c] = lanes.lanes;
  expect(a).toMatchObject({
    receive: [{ from: 0, to: 2000 }],
    solve: [{ from: 1000, to: 5000 }],
    send: [
      { from: 3000, to: 4000 },
      { from: 5000, to: 6000 },
    ],
  });
  expect(a!.shares.solve).toBeCloseTo(4 / 6);
  expect(a!.shares.idle).toBeCloseTo(0);
  expect(b!.shares.idle).toBeCloseTo(0.5);
  expect(c!.shares).toMatchObject({ solve: 0, idle: 1 });
  expect(timelineOf([{ worker: 'c', timeline: [] }])).toBeNull();
});
