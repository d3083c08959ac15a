import { LocopropError } from '../../core/errors/error.js';
import type { JobRecord } from '../../core/job/record.js';
import { hasEnded } from '../../core/job/states.js';
import type { JobRecords } from './job-records.js';

export interface RetentionOptions {
  readonly records: JobRecords;
  /** Days that a job that has ended is kept; null for ever. */
  readonly keepDays: number | null;
  /** Told of each job that was deleted. */
  readonly onRemoved: (job: string, reason: string) => void;
  readonly onError: (error: unknown) => void;
}

const PERIOD_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Deletes jobs that ended long ago. */
export class Retention {
  readonly #options: RetentionOptions;
  #timer: NodeJS.Timeout | null = null;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#options.keepDays === null) return;
    const sweep = (): void => {
      this.#sweeping = this.sweep().catch(this.#options.onError);
    };
    this.#timer = setInterval(sweep, PERIOD_MS);
    sweep();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#sweeping;
  }

  /** Deletes what is due. */
  async sweep(): Promise<void> {
    const { records, keepDays, onRemoved } = this.#options;
    if (keepDays === null) return;
    const oldestMs = records.now().getTime() - keepDays * DAY_MS;
    const isDue = ({ state, endedAt }: JobRecord): boolean =>
      hasEnded(state) && endedAt !== null && Date.parse(endedAt) < oldestMs;
    for (const { id } of (await records.all()).filter(isDue)) {
      if (await this.#remove(id, isDue)) onRemoved(id, `it ended more than ${keepDays} days ago`);
    }
  }

  /** Whether it was deleted: somebody may have resumed or deleted it meanwhile. */
  async #remove(id: string, isDue: (record: JobRecord) => boolean): Promise<boolean> {
    try {
      return await this.#options.records.remove(id, isDue);
    } catch (error) {
      if (error instanceof LocopropError && error.code === 'JOB_UNKNOWN') return false;
      throw error;
    }
  }
}
