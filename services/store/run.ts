import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LocopropError } from '../../core/errors/error.js';
import type { RunState } from '../../core/state.js';
import { Checkpoints, type LoadedCheckpoint } from './checkpoints.js';
import { hasCode, writeFailed } from './failure.js';
import { FolderRunStore } from './folder-run-store.js';
import { MetricsFile } from './metrics.js';
import { RunEvents } from './run-events.js';
import type { ByteFile, RunStore } from './run-store.js';
import { SPEC_FILE, storeOfRun, StoredRun } from './stored-run.js';

export interface RunOptions {
  /** How many of the newest checkpoints stay, at least 1; the best one stays besides. */
  readonly keepCheckpoints: number;
  /** Name and version of the writing program, for people who look into a checkpoint. */
  readonly program: string;
  /** @default the system's clock */
  readonly clock?: () => Date;
}

export interface CreateRunOptions extends RunOptions {
  /** Name of the job; gives the folder its name where `directory` is not set. */
  readonly job: string;
  /** Folder of the runs, such as `runs`. */
  readonly root: string;
  /** The run's own folder: new, or empty. */
  readonly directory?: string | undefined;
  /** The resolved spec. */
  readonly spec: string;
}

/** A run that this process trains, and no other as long as it is open. */
export class Run extends StoredRun {
  readonly events: RunEvents;
  readonly #store: RunStore;
  readonly #checkpoints: Checkpoints;
  readonly #metrics: MetricsFile;
  readonly #options: RunOptions;

  private constructor(store: RunStore, events: RunEvents, metrics: MetricsFile, options: RunOptions) {
    super(store);
    this.events = events;
    this.#store = store;
    this.#checkpoints = new Checkpoints(store);
    this.#metrics = metrics;
    this.#options = options;
    events.subscribe(metrics.record);
  }

  /** Opens a run whose store is locked; it is closed again when that fails. */
  static async open(store: RunStore, options: RunOptions): Promise<Run> {
    try {
      const events = await RunEvents.open(store, options.clock ?? (() => new Date()));
      return new Run(store, events, await MetricsFile.open(store), options);
    } catch (cause) {
      await store.close();
      throw cause;
    }
  }

  /**
   * Saves a checkpoint; every event so far is durable before it.
   *
   * @param state must not change before the promise resolves
   * @param best whether no state so far had a lower loss
   * @returns name of the file within the run
   * @throws STORE_WRITE_FAILED; earlier checkpoints are untouched
   */
  async saveCheckpoint(state: RunState, best: boolean): Promise<string> {
    const { keepCheckpoints: keep, program } = this.#options;
    await this.events.sync();
    return this.#checkpoints.save(state, { best, keep, program });
  }

  /**
   * Takes the run back to its newest whole checkpoint: the log and the metrics then end with it.
   * Damaged newer checkpoints are listed for the caller to report.
   *
   * @returns null where it has saved none: it then begins anew
   * @throws STORE_NO_CHECKPOINT where all are damaged; STORE_CHECKPOINT_NEWER, STORE_LOG_DAMAGED, STORE_WRITE_FAILED
   */
  async resume(): Promise<LoadedCheckpoint | null> {
    if (!(await this.#checkpoints.any())) {
      await this.restart();
      return null;
    }
    const loaded = await this.#checkpoints.loadLatest(this.events.last);
    await this.events.truncateTo(loaded.state.event);
    await this.#metrics.followLog();
    return loaded;
  }

  /** Begins the run anew, as one of which nothing was saved does; throws STORE_LOG_DAMAGED, STORE_WRITE_FAILED. */
  async restart(): Promise<void> {
    await this.events.truncateTo(0);
    await this.#metrics.followLog();
  }

  /** Writes another file of the run, such as a chart, whole or not at all; throws STORE_WRITE_FAILED. */
  async writeFile(name: string, content: string | Uint8Array): Promise<void> {
    await this.#store.write(name, [typeof content === 'string' ? Buffer.from(content) : content]);
  }

  /** Begins another file of the run that grows; see `RunStore.begin`. */
  beginFile(name: string): ByteFile {
    return this.#store.begin(name);
  }

  /** Names of the files in the run's own folder. */
  listFiles(): Promise<readonly string[]> {
    return this.#store.list('.');
  }

  removeFile(name: string): Promise<void> {
    return this.#store.remove(name);
  }

  /** Leaves the run to others. */
  async close(): Promise<void> {
    await this.#store.close();
  }
}

/**
 * Begins a run: `<root>/<job>`, or `<root>/<job>-2` and so on where that is taken, or `directory`.
 *
 * @throws STORE_RUN_EXISTS when `directory` is not empty; STORE_NO_FOLDER, STORE_LOCKED, STORE_WRITE_FAILED
 */
export async function createRun(options: CreateRunOptions): Promise<Run> {
  const { directory, root, job, spec } = options;
  const store =
    directory === undefined ? await newFolder(root, folderName(job)) : await emptyFolder(directory);
  if (!store) throw new LocopropError('STORE_RUN_EXISTS', { directory });
  try {
    // First, so that a folder whose spec could not be written is empty again.
    await store.write(SPEC_FILE, [Buffer.from(spec)]);
  } catch (cause) {
    await store.close();
    throw cause;
  }
  return Run.open(store, options);
}

/**
 * Opens a run to go on with it.
 *
 * @throws STORE_RUN_MISSING, STORE_LOCKED, STORE_WRITE_FAILED
 */
export async function openRun(directory: string, options: RunOptions): Promise<Run> {
  const store = await storeOfRun(directory);
  await store.lock();
  return Run.open(store, options);
}

/** A job's name as one folder's, whatever it holds. */
const folderName = (job: string): string => job.replaceAll(/[^\w.-]+/g, '-').replace(/^\.+/, '') || 'run';

/** The first folder of `name`, `name-2`, `name-3`, … that can be had. */
async function newFolder(root: string, name: string): Promise<RunStore> {
  for (let number = 1; ; number += 1) {
    try {
      const store = await emptyFolder(join(root, number === 1 ? name : `${name}-${number}`));
      if (store) return store;
    } catch (cause) {
      // Another process has just begun a run in it.
      if (!(cause instanceof LocopropError && cause.code === 'STORE_LOCKED')) throw cause;
    }
  }
}

/** Makes the folder where it is missing and locks it; null when it is not empty. */
async function emptyFolder(directory: string): Promise<RunStore | null> {
  try {
    await mkdir(directory, { recursive: true });
    if ((await readdir(directory)).length > 0) return null;
  } catch (cause) {
    if (hasCode(cause, 'EEXIST', 'ENOTDIR'))
      throw new LocopropError('STORE_NO_FOLDER', { directory }, { cause });
    throw writeFailed(directory, cause);
  }
  const store = new FolderRunStore(directory);
  await store.lock();
  return store;
}
