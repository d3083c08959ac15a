import { z } from 'zod';
import type { Confusion, RunEvent, StepPoint } from '../../core/events.js';
import { eventFields } from './event-fields.js';
import { readEvents } from './run-events.js';
import type { RunStore } from './run-store.js';

const step = z.object({
  step: z.number(),
  epoch: z.number(),
  // JSON has null for a number that is not finite.
  loss: z.number().nullable(),
  seconds: z.number(),
});

/**
 * The steps in a run's log, in order.
 *
 * @throws STORE_LOG_DAMAGED
 */
export async function* readSteps(store: RunStore): AsyncGenerator<StepPoint> {
  let trainSeconds = 0;
  for await (const event of readEvents(store)) {
    if (event.type !== 'step.done') continue;
    const { seconds, loss, ...own } = eventFields(step, event, store);
    trainSeconds += seconds;
    yield { ...own, loss: loss ?? NaN, trainSeconds };
  }
}

const confusion = z.object({
  epoch: z.number(),
  step: z.number(),
  data: z.enum(['train', 'test']),
  counts: z.array(z.array(z.number())),
});

/**
 * How the classifier of a run sorted the examples when it was evaluated last; null where that is not known.
 *
 * @throws STORE_LOG_DAMAGED
 */
export async function readConfusion(store: RunStore): Promise<Confusion | null> {
  let newest: RunEvent | null = null;
  for await (const event of readEvents(store)) if (event.type === 'classes.counted') newest = event;
  return newest && eventFields(confusion, newest, store);
}
