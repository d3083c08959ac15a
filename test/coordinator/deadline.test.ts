import { AdaptiveDeadline } from '#coordinator/cluster/deadline.js';
import { describe, expect, it } from 'vitest';

const deadlineAfter = (
  answers: readonly (readonly [takenMs: number, expectedMs: number])[],
): AdaptiveDeadline => {
  const deadline = new AdaptiveDeadline();
  for (const [takenMs, expectedMs] of answers) deadline.add(takenMs, expectedMs);
  return deadline;
};

const repeated = (count: number, takenMs: number, expectedMs: number): [number, number][] =>
  Array.from({ length: count }, () => [takenMs, expectedMs]);

describe('the deadline of an answer', () => {
  it('is generous until there are answers to judge by', () => {
    expect(deadlineAfter([]).of(1000)).toBe(60_000);
    expect(deadlineAfter(repeated(2, 10, 10)).of(10_000)).toBe(200_000);
  });

  it('is at least ten seconds', () => {
    expect(deadlineAfter(repeated(31, 10, 10)).of(10)).toBe(10_000);
  });

  it('is at least five times what is expected, however fast other answers were', () => {
    // Loads of small parts, which take a hundredth of what is allowed for, before a solve of 15 s.
    expect(deadlineAfter(repeated(31, 10, 1000)).of(15_200)).toBe(76_000);
  });

  it('grows with what answers take, and with how much that varies', () => {
    // Always four times as long as expected: twice that.
    expect(deadlineAfter(repeated(31, 40_000, 10_000)).of(10_000)).toBe(80_000);
    // Half of them twice, half six times: the median is 6 or 2, the deviation 4 or 0.
    const varying = Array.from(
      { length: 31 },
      (_, index) => [index % 2 === 0 ? 60_000 : 20_000, 10_000] as const,
    );
    expect(deadlineAfter(varying).of(10_000)).toBeGreaterThan(80_000);
  });

  it('forgets what was long ago', () => {
    const slow = repeated(31, 100_000, 10_000);
    const fast = repeated(31, 10_000, 10_000);
    expect(deadlineAfter([...slow, ...fast]).of(10_000)).toBe(50_000);
  });
});
