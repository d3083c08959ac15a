import { hasEnded } from '#core/job/states.js';
import { LocopropError } from '#core/errors/error.js';
import { RemoteError } from '#core/errors/remote-error.js';
import type { CoordinatorClient, JobChange } from '#services/client/client.js';
import { serviceSpec } from '../service-faults/jobs.js';
import type { Action } from './draw.js';

/** What a coordinator has acknowledged of a job. */
export interface Acknowledged {
  readonly id: string;
  readonly seed: number;
  readonly changes: JobChange[];
  readonly acknowledgedMs: number;
}

export const specOf = (seed: number, priority: number): string =>
  serviceSpec({ seed, queue: `{ priority: ${priority} }` });

/** At most so many jobs that have not ended are there at a time. */
const MOST_OPEN = 4;
/** A list is older than this on no machine that can run the tests. */
const LIST_AGE_MS = 5000;

/** A client of coordinators that die, which keeps what it was promised. */
export class ChaosClient {
  readonly jobs: Acknowledged[] = [];
  /** Requests that were neither acknowledged nor refused. */
  unanswered = 0;
  readonly #ended = new Set<string>();

  async act({ kind, job, seed, priority }: Action, client: CoordinatorClient): Promise<void> {
    const open = this.jobs.filter(({ id }) => !this.#ended.has(id));
    const target = open[Math.floor(job * open.length)];
    if (kind === 'submit' || !target) {
      if (open.length < MOST_OPEN) await this.#submit(client, seed, priority);
      return;
    }
    if (kind === 'look') await this.#look(client);
    else await this.#change(client, target, kind);
  }

  async #submit(client: CoordinatorClient, seed: number, priority: number): Promise<void> {
    const job = await this.#answered(() => client.submit(specOf(seed, priority)));
    if (job) this.jobs.push({ id: job.id, seed, changes: [], acknowledgedMs: performance.now() });
  }

  async #change(client: CoordinatorClient, job: Acknowledged, change: JobChange): Promise<void> {
    const view = await this.#answered(() => client.change(job.id, change));
    if (view) job.changes.push(change);
  }

  async #look(client: CoordinatorClient): Promise<void> {
    // A list may be half a second old, and lacks what was acknowledged meanwhile.
    const dueMs = performance.now() - LIST_AGE_MS;
    const page = await this.#answered(() => client.list());
    for (const { id, state } of page?.jobs ?? []) if (hasEnded(state)) this.#ended.add(id);
    if (!page) return;
    const missing = this.jobs.filter(
      ({ id, acknowledgedMs }) => acknowledgedMs < dueMs && !page.jobs.some((job) => job.id === id),
    );
    if (missing.length > 0) throw new Error(`the list lacks ${missing.map(({ id }) => id).join(' ')}`);
  }

  /** What is answered; null where the coordinator dies over it, or refuses because the job has moved on. */
  async #answered<Answer>(request: () => Promise<Answer>): Promise<Answer | null> {
    try {
      return await request();
    } catch (cause) {
      if (cause instanceof LocopropError && cause.code === 'SERVICE_UNREACHABLE') {
        this.unanswered += 1;
        return null;
      }
      if (cause instanceof RemoteError && cause.code === 'JOB_STATE_CONFLICT') return null;
      throw cause;
    }
  }
}
