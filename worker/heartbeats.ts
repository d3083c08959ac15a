import type { Channel } from '../services/rpc/channel.js';
import type { WorkerMessage } from '../services/rpc/messages.js';
import type { Parts } from './parts.js';

/** Tells a coordinator every so often that this worker is there; ends with the timer. */
export function startHeartbeats(
  channel: Channel<WorkerMessage>,
  { parts, heartbeatMs }: { readonly parts: Parts; readonly heartbeatMs: number },
): NodeJS.Timeout {
  let number = 0;
  return setInterval(() => {
    number++;
    const { residentBytes, busySeconds } = parts;
    // Ahead of what waits: a matrix on a slow link takes longer than a lease.
    channel.sendNow({ message: 'heartbeat', heartbeat: { number, residentBytes, busySeconds } });
  }, heartbeatMs);
}
