import { LocopropError } from '../../core/errors/error.js';
import type { RunState } from '../../core/state.js';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-format.js';
import type { RunStore } from './run-store.js';

const FOLDER = 'checkpoints';
const BEST = `${FOLDER}/best.safetensors`;

const fileOf = (step: number): string => `${FOLDER}/step-${String(step).padStart(8, '0')}.safetensors`;

const stepOf = (name: string): number | null => {
  const [, digits] = /^step-(\d{8,15})\.safetensors$/.exec(name) ?? [];
  return digits === undefined ? null : Number(digits);
};

/** A checkpoint passed over because it, or its part of the log, is not as it was written. */
export interface DamagedCheckpoint {
  readonly file: string;
  readonly reason: string;
}

export interface LoadedCheckpoint {
  readonly state: RunState;
  /** Name of the file within the run. */
  readonly file: string;
  /** Newer checkpoints that could not be used, newest first. */
  readonly damaged: readonly DamagedCheckpoint[];
}

export interface SaveOptions {
  /** Whether no state so far had a lower loss. */
  readonly best: boolean;
  /** How many of the newest checkpoints stay, at least 1. */
  readonly keep: number;
  /** Name and version of the writer. */
  readonly program: string;
}

/**
 * The checkpoints of a run: `checkpoints/step-<8 digits>.safetensors`, the last few of them, and
 * `checkpoints/best.safetensors`.
 */
export class Checkpoints {
  readonly #store: RunStore;

  constructor(store: RunStore) {
    this.#store = store;
  }

  /**
   * Saves a state and removes the checkpoints that are then too many: all but the newest `keep`
   * and the best, and those of later steps, which a run that was taken back has left behind.
   *
   * @param state must not change before the promise resolves
   * @returns name of the file within the run
   * @throws STORE_WRITE_FAILED; earlier checkpoints are untouched
   */
  async save(state: RunState, { best, keep, program }: SaveOptions): Promise<string> {
    const { step } = state.position;
    const file = fileOf(step);
    const chunks = await encodeCheckpoint(state, program);
    if (best) {
      // In this order a crash in between loses nothing: the run goes on from an earlier step and
      // comes to this one again.
      await this.#store.write(BEST, chunks);
      await this.#store.copy(BEST, file);
    } else {
      await this.#store.write(file, chunks);
    }
    const steps = await this.#steps();
    const kept = new Set(steps.filter((other) => other <= step).slice(0, keep));
    for (const other of steps) {
      if (!kept.has(other)) await this.#store.remove(fileOf(other));
    }
    return file;
  }

  /** Whether any was saved, whole or not. */
  async any(): Promise<boolean> {
    return (await this.#hasBest()) || (await this.#steps()).length > 0;
  }

  /**
   * The newest whole checkpoint; the best one stands in where no other is whole.
   *
   * @param lastEvent end of the run's log: a checkpoint of a later event is passed over, for the log
   *   has been taken back before it
   * @throws STORE_NO_CHECKPOINT when there is none; STORE_CHECKPOINT_NEWER
   */
  async loadLatest(lastEvent = Infinity): Promise<LoadedCheckpoint> {
    const damaged: DamagedCheckpoint[] = [];
    const best = (await this.#hasBest()) ? [BEST] : [];
    for (const file of [...(await this.#steps()).map(fileOf), ...best]) {
      try {
        const state = await this.#load(file);
        if (state.event <= lastEvent) return { state, file, damaged };
        damaged.push({
          file,
          reason: `it is of event ${state.event} and the log ends with event ${lastEvent}`,
        });
      } catch (cause) {
        damaged.push({ file, reason: damageOf(cause) });
      }
    }
    throw this.#noCheckpoint(
      damaged.map(({ file, reason }) => `${file}: ${reason}`).join('; ') || 'none was saved',
    );
  }

  /**
   * The checkpoint with the lowest loss.
   *
   * @throws STORE_NO_CHECKPOINT when there is none; STORE_CHECKPOINT_DAMAGED, STORE_CHECKPOINT_NEWER
   */
  async loadBest(): Promise<LoadedCheckpoint> {
    if (!(await this.#hasBest())) throw this.#noCheckpoint('none was saved as the best');
    return { state: await this.#load(BEST), file: BEST, damaged: [] };
  }

  async #load(file: string): Promise<RunState> {
    return decodeCheckpoint(await this.#store.read(file), this.#store.path(file));
  }

  /** Steps with a checkpoint, newest first. */
  async #steps(): Promise<number[]> {
    const steps = (await this.#store.list(FOLDER)).map(stepOf);
    return steps.filter((step) => step !== null).toSorted((a, b) => b - a);
  }

  async #hasBest(): Promise<boolean> {
    return (await this.#store.list(FOLDER)).some((name) => `${FOLDER}/${name}` === BEST);
  }

  #noCheckpoint(reason: string): LocopropError {
    return new LocopropError('STORE_NO_CHECKPOINT', { directory: this.#store.location, reason });
  }
}

/** Why a checkpoint is to be passed over; other failures are not its own and go on. */
function damageOf(cause: unknown): string {
  if (cause instanceof LocopropError) {
    const { code, details } = cause;
    if (code === 'STORE_CHECKPOINT_DAMAGED' || code === 'STORE_READ_FAILED') return String(details.reason);
  }
  throw cause;
}
