import { Outages } from '#coordinator/service/outages.js';
import { LocopropError } from '#core/errors/error.js';
import type { ServiceEvent } from '#core/job/service-events.js';
import { EntryRefused } from '#services/queue/queue.js';
import { beforeEach, expect, it } from 'vitest';

const noQueue = (reason: string): LocopropError =>
  new LocopropError('QUEUE_UNAVAILABLE', { address: 'redis://q', reason });
const noStore = new LocopropError('STORE_UNAVAILABLE', { location: 's3://b/', reason: 'it is away' });

let nowMs: number;
let told: ServiceEvent[];
let outages: Outages;
beforeEach(() => {
  nowMs = 5000;
  told = [];
  const onEvent = (event: ServiceEvent): void => void told.push(event);
  outages = new Outages({ queue: 'redis://q', store: 's3://b/', onEvent, clock: () => nowMs });
});
/** What happens so many seconds later. */
const later = (seconds: number, what: () => void): void => {
  nowMs += 1000 * seconds;
  what();
};

it('an outage is told once, and its end with its length, when nothing has failed between two answers', () => {
  outages.answered();
  outages.failed(noQueue('refused'));
  later(2, () => outages.failed(noQueue('timed out')));
  later(1, () => outages.answered());
  // A connection that was being tried meanwhile.
  later(1, () => outages.failed(noQueue('refused')));
  later(3, () => outages.answered());
  expect(told).toEqual([{ type: 'queue.lost', queue: 'redis://q', reason: noQueue('refused').message }]);
  later(5, () => outages.answered());
  later(5, () => outages.answered());
  expect(told.slice(1)).toEqual([{ type: 'queue.restored', queue: 'redis://q', seconds: 7 }]);
});

it('the next outage is told anew, and those of queue and store apart', () => {
  for (const error of [noQueue('a'), noStore, noStore, noQueue('b')]) outages.failed(error);
  later(1, () => outages.answered());
  later(1, () => outages.answered());
  outages.failed(noQueue('c'));
  expect(told.map(({ type }) => type)).toEqual([
    'queue.lost',
    'store.lost',
    'queue.restored',
    'store.restored',
    'queue.lost',
  ]);
});

it('what is no outage is told each time, and ends none', () => {
  outages.failed(new EntryRefused('Missing lock for job a_1'));
  outages.failed(new TypeError('x is not a function'));
  outages.answered();
  outages.answered();
  expect(told).toEqual([
    { type: 'queue.refused', queue: 'redis://q', reason: 'Missing lock for job a_1' },
    {
      type: 'coordinator.failed',
      reason: 'x is not a function',
      stack: expect.stringContaining('outages.test') as string,
    },
  ]);
});
