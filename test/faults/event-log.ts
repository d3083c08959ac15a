import type { RunEvent } from '#core/events.js';
import { readRun } from '#services/store/stored-run.js';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 4;

/** Whether a name in a run is that of a worker, which has a number where another one had it. */
export const isOf = (inRun: string, worker: string): boolean => new RegExp(`^${worker}(-\\d+)?$`).test(inRun);

/** The events of a run as another process writes them. */
export class EventLog {
  #events: readonly RunEvent[] = [];
  #size = -1;
  #closed = false;

  constructor(private readonly directory: string) {}

  /** All events so far. */
  async read(): Promise<readonly RunEvent[]> {
    const size = await sizeOf(join(this.directory, 'events.jsonl'));
    if (size !== this.#size && size > 0) {
      const events: RunEvent[] = [];
      for await (const event of (await readRun(this.directory)).readEvents()) events.push(event);
      this.#events = events;
      this.#size = size;
    }
    return this.#events;
  }

  /** The first event that meets a condition, at once or as soon as there is one. */
  async waitFor(what: string, meets: (event: RunEvent) => boolean, timeoutMs = 60_000): Promise<RunEvent> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const found = (await this.read()).find(meets);
      if (found) return found;
      if (this.#closed || performance.now() > end) {
        const last = this.#events.slice(-12).map((event) => JSON.stringify(event));
        const when = this.#closed ? 'before the run was over' : `in ${timeoutMs} ms`;
        throw new Error(`no ${what} ${when}; the last events:\n${last.join('\n')}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Nothing more will come: whoever waits for an event fails. */
  close(): void {
    this.#closed = true;
  }

  /** Resolves once so many steps are committed. */
  async step(count: number): Promise<void> {
    await this.waitFor(`step ${count}`, (event) => event.type === 'step.done' && event.step >= count);
  }

  /** An event of a type, of a worker, from some time on. */
  since(
    timeMs: number,
    type: RunEvent['type'],
    worker: string | null = null,
    timeoutMs?: number,
  ): Promise<RunEvent> {
    const named = (event: RunEvent): boolean =>
      worker === null || ('worker' in event && isOf(event.worker, worker));
    return this.waitFor(
      `${type} of ${worker ?? 'anybody'}`,
      (event) => event.type === type && Date.parse(event.time) >= timeMs && named(event),
      timeoutMs,
    );
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw cause;
  }
}
