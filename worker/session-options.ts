import type { Channel, Receiver } from '../services/rpc/channel.js';
import type { CoordinatorMessage, Hello, WorkerMessage } from '../services/rpc/messages.js';
import type { RecordEvent } from '../services/telemetry/worker-events.js';
import type { Parts } from './parts.js';

export interface SessionOptions {
  /** Of the coordinator. */
  readonly address: string;
  readonly hello: Hello;
  readonly parts: Parts;
  /** How long a worker that leaves goes on serving the parts that it has. */
  readonly drainMs: number;
  readonly record: RecordEvent;
  /** Connects; the signal ends the attempt. */
  readonly dial: (
    receiver: Receiver<CoordinatorMessage>,
    signal: AbortSignal,
  ) => Promise<Channel<WorkerMessage>>;
}

export type SessionEnd =
  | { readonly kind: 'dismissed'; readonly reason: string; readonly runEnded: boolean }
  | { readonly kind: 'left' }
  | { readonly kind: 'broken'; readonly error: Error };
