import { LocopropError } from '../../core/errors/error.js';
import { messageOf } from '../../core/errors/message.js';
import type { ServiceEvent } from '../../core/job/service-events.js';
import { EntryRefused } from '../../services/queue/queue.js';

export interface OutagesOptions {
  /** Where they are, for messages. */
  readonly queue: string;
  readonly store: string;
  readonly onEvent: (event: ServiceEvent) => void;
  /** Milliseconds that only grow. @default the process's */
  readonly clock?: () => number;
}

const OF_STORE = ['STORE_UNAVAILABLE', 'STORE_READ_FAILED', 'STORE_WRITE_FAILED'];

/** Tells of what goes wrong beside the jobs: that queue or store does not answer once, however often it shows. */
export class Outages {
  readonly #options: OutagesOptions;
  readonly #queue: Outage;
  readonly #store: Outage;

  constructor(options: OutagesOptions) {
    this.#options = options;
    const { queue, store, onEvent, clock = () => performance.now() } = options;
    this.#queue = new Outage(clock, {
      lost: (reason) => onEvent({ type: 'queue.lost', queue, reason }),
      restored: (seconds) => onEvent({ type: 'queue.restored', queue, seconds }),
    });
    this.#store = new Outage(clock, {
      lost: (reason) => onEvent({ type: 'store.lost', store, reason }),
      restored: (seconds) => onEvent({ type: 'store.restored', store, seconds }),
    });
  }

  failed(error: unknown): void {
    const { queue, onEvent } = this.#options;
    const code = error instanceof LocopropError ? error.code : '';
    const reason = messageOf(error);
    if (code === 'QUEUE_UNAVAILABLE') this.#queue.failed(reason);
    else if (OF_STORE.includes(code)) this.#store.failed(reason);
    else if (error instanceof EntryRefused) onEvent({ type: 'queue.refused', queue, reason });
    else {
      const stack = error instanceof Error ? (error.stack ?? null) : null;
      onEvent({ type: 'coordinator.failed', reason, stack });
    }
  }

  /** Both have done what the coordinator asks of them from time to time. */
  answered(): void {
    this.#queue.answered();
    this.#store.answered();
  }
}

/**
 * Something outside that does not answer. It does again once it has answered twice without a failure between:
 * a connection that was being tried may fail after another one has come about.
 */
class Outage {
  #sinceMs: number | null = null;
  #answeredMs: number | null = null;

  constructor(
    private readonly clock: () => number,
    private readonly tell: {
      readonly lost: (reason: string) => void;
      readonly restored: (seconds: number) => void;
    },
  ) {}

  failed(reason: string): void {
    this.#answeredMs = null;
    if (this.#sinceMs !== null) return;
    this.#sinceMs = this.clock();
    this.tell.lost(reason);
  }

  answered(): void {
    if (this.#sinceMs === null) return;
    if (this.#answeredMs === null) {
      this.#answeredMs = this.clock();
      return;
    }
    this.tell.restored((this.#answeredMs - this.#sinceMs) / 1000);
    this.#sinceMs = null;
    this.#answeredMs = null;
  }
}
