import { z } from 'zod';
import { LocopropError } from '../../core/errors/error.js';
import type { RunEvent } from '../../core/events.js';
import { EVENTS_FILE } from './run-events.js';
import type { RunStore } from './run-store.js';

/**
 * The fields of an event of a run's log, which may be of another version or damaged.
 *
 * @throws LocopropError STORE_LOG_DAMAGED
 */
export function eventFields<S extends z.ZodType>(schema: S, event: RunEvent, store: RunStore): z.infer<S> {
  const { success, data, error } = schema.safeParse(event);
  if (success) return data;
  const reason = `the event has ${z.prettifyError(error).replaceAll('\n', ' ')}`;
  throw new LocopropError('STORE_LOG_DAMAGED', {
    file: store.path(EVENTS_FILE),
    line: event.sequence,
    reason,
  });
}
