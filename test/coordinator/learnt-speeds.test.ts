import { LearntSpeeds } from '#coordinator/cluster/learnt-speeds.js';
import type { Place } from '#coordinator/cluster/place.js';
import { describe, expect, it } from 'vitest';

/** Of 10⁹ operations a second as it was measured. */
const placeOf = (gflops: number): Place => ({ offer: { gflops } }) as Place;

describe('the speed of a place', () => {
  it('is the one measured, as long as its fastest step agrees with it', () => {
    const [speeds, place] = [new LearntSpeeds(), placeOf(10)];
    // The first of these steps had sessions to make.
    for (const seconds of [4, 1, 1.5]) {
      speeds.observe(place, 4e9, 0.4 * seconds);
      speeds.observe(place, 6e9, 0.6 * seconds);
      speeds.committed();
    }
    expect(speeds.learn()).toBe(false);
    expect(speeds.of(place)).toBe(10);
  });

  it('is another one, once no step is as fast as it was measured', () => {
    const [speeds, place] = [new LearntSpeeds(), placeOf(10)];
    for (const seconds of [2, 3]) {
      speeds.observe(place, 10e9, seconds);
      speeds.committed();
    }
    expect(speeds.learn()).toBe(true);
    expect(speeds.of(place)).toBe(5);
    expect(speeds.learn()).toBe(false);
  });
});
