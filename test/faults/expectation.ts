import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FaultRun, type FaultRunChoice } from './fault-run.js';
import type { Row } from './rows.js';
import { DEFAULT_EPOCHS, faultSpec, STEPS_PER_EPOCH, undisturbed } from './job.js';

/** Runs of a file of tests, and what they come to where nothing happens. */
export class Scene {
  readonly #folder = mkdtemp(join(tmpdir(), 'locoprop-faults-'));
  readonly #expected = new Map<string, Promise<string>>();
  #runs = 0;

  async #newFolder(): Promise<string> {
    const folder = join(await this.#folder, String(++this.#runs));
    await mkdir(folder);
    return folder;
  }

  /** The digest of the run in which nothing happens, computed once. */
  digestOf({
    wire = 'f32',
    epochs = DEFAULT_EPOCHS,
  }: Omit<FaultRunChoice, 'folder' | 'workers'>): Promise<string> {
    const key = `${wire} ${epochs}`;
    const known = this.#expected.get(key);
    if (known) return known;
    const computed = this.#newFolder().then(async (folder) => {
      const spec = join(folder, 'fault.yaml');
      await writeFile(spec, faultSpec({ wire, epochs }));
      return undisturbed(spec, join(folder, 'run'), wire);
    });
    this.#expected.set(key, computed);
    return computed;
  }

  /** Lets a run go through something; in the end it must be as if nothing had happened. */
  async expectUnchanged(
    choice: Omit<FaultRunChoice, 'folder'>,
    inject: (run: FaultRun) => Promise<void>,
  ): Promise<void> {
    const digest = await this.digestOf(choice);
    await this.withRun(choice, async (run) => {
      await inject(run);
      const result = await run.finish();
      expect(result.outcome.code, result.outcome.stderr).toBe(0);
      const steps = (choice.epochs ?? DEFAULT_EPOCHS) * STEPS_PER_EPOCH;
      expect(result.steps).toEqual(Array.from({ length: steps }, (_, index) => index + 1));
      expect(result.events.at(-1)?.type, 'nothing happens after the end').toBe('run.ended');
      expect(result.digest).toBe(digest);
    });
  }

  /** What a row of the table demands. */
  async expectRow({ workers = ['direct', 'direct'], choice, inject }: Row): Promise<void> {
    await this.expectUnchanged({ ...choice, workers }, async (run) => {
      await run.joined();
      await inject(run);
    });
  }

  /** Gives a run to a test, and ends what is left of it. */
  async withRun(
    choice: Omit<FaultRunChoice, 'folder'>,
    use: (run: FaultRun) => Promise<void>,
  ): Promise<void> {
    const run = await FaultRun.start({ ...choice, folder: await this.#newFolder() });
    try {
      await use(run);
    } finally {
      await run.close();
    }
  }

  async close(): Promise<void> {
    await rm(await this.#folder, { recursive: true, force: true });
  }
}
