import { LocopropError } from '../../core/errors/error.js';
import type { EpochMetrics, RunEvent } from '../../core/events.js';
import { Checkpoints, type LoadedCheckpoint } from './checkpoints.js';
import { hasCode } from './failure.js';
import { FolderRunStore } from './folder-run-store.js';
import { readMetrics } from './metrics.js';
import { readEvents } from './run-events.js';
import type { RunStore } from './run-store.js';

export const SPEC_FILE = 'spec.yaml';

/** A run to look at: nothing of it is changed, also while another process trains it. */
export class StoredRun {
  readonly #store: RunStore;
  readonly #checkpoints: Checkpoints;

  constructor(store: RunStore) {
    this.#store = store;
    this.#checkpoints = new Checkpoints(store);
  }

  /** Where the run is, for messages. */
  get location(): string {
    return this.#store.location;
  }

  /** The resolved spec, as it was written when the run began. */
  async readSpec(): Promise<string> {
    return new TextDecoder().decode(await this.#store.read(SPEC_FILE));
  }

  /** Another file at the top of the run, as text; null where there is none. */
  async readOptional(name: string): Promise<string | null> {
    if (!(await this.#store.list('.')).includes(name)) return null;
    return new TextDecoder().decode(await this.#store.read(name));
  }

  /** Whether it has saved a checkpoint, whole or not. */
  hasCheckpoint(): Promise<boolean> {
    return this.#checkpoints.any();
  }

  /**
   * The newest whole checkpoint, or the one with the lowest loss.
   *
   * @throws STORE_NO_CHECKPOINT, STORE_CHECKPOINT_NEWER; STORE_CHECKPOINT_DAMAGED for the best one
   */
  loadCheckpoint(which: 'latest' | 'best'): Promise<LoadedCheckpoint> {
    return which === 'best' ? this.#checkpoints.loadBest() : this.#checkpoints.loadLatest();
  }

  /** @throws STORE_LOG_DAMAGED */
  readEvents(): AsyncIterable<RunEvent> {
    return readEvents(this.#store);
  }

  /** The metrics of every epoch, in order; throws STORE_LOG_DAMAGED. */
  readMetrics(): Promise<EpochMetrics[]> {
    return readMetrics(this.#store);
  }
}

/**
 * Looks at the run in a folder.
 *
 * @throws STORE_RUN_MISSING
 */
export async function readRun(directory: string): Promise<StoredRun> {
  return new StoredRun(await storeOfRun(directory));
}

/** The store of a folder that holds a run. */
export async function storeOfRun(directory: string): Promise<RunStore> {
  const store = new FolderRunStore(directory);
  const missing = (reason: string, cause?: unknown): LocopropError =>
    new LocopropError('STORE_RUN_MISSING', { directory, reason }, { cause });
  const files = await store.list('.').catch((error: unknown) => {
    const { cause } = error as Error;
    throw hasCode(cause, 'ENOTDIR') ? missing('it is, or lies below, a file', cause) : error;
  });
  if (files.includes(SPEC_FILE)) return store;
  throw missing(files.length === 0 ? 'it is missing or empty' : `it has no ${SPEC_FILE}`);
}
