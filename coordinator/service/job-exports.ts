import { LocopropError } from '../../core/errors/error.js';
import { runOf } from '../../core/job/record.js';
import type { JobStore, StoredFile } from '../../services/store/job-store.js';
import { StoredRun } from '../../services/store/stored-run.js';
import { exportFolder, writeExport } from '../export/export-network.js';
import { loadTrained, toExport } from '../trained-run.js';
import type { JobRecords } from './job-records.js';
import type { ExportRequest } from './job-service.js';
import type { JobSpecs } from './job-specs.js';

export interface JobExportsOptions {
  readonly store: JobStore;
  readonly records: JobRecords;
  readonly specs: JobSpecs;
}

/** Writes the networks of jobs for other programs, beside the other files of the job. */
export class JobExports {
  readonly #options: JobExportsOptions;

  constructor(options: JobExportsOptions) {
    this.#options = options;
  }

  /**
   * @returns the files, last the one that programs open
   * @throws LocopropError JOB_UNKNOWN, STORE_NO_CHECKPOINT, EXPORT_UNSUPPORTED; JOB_CHANGED where another attempt
   *   at the job has begun meanwhile
   */
  async write(id: string, { format, checkpoint }: ExportRequest): Promise<readonly StoredFile[]> {
    const { store, records, specs } = this.#options;
    const record = await records.get(id);
    const fence = runOf(record)?.fence;
    const run = fence === undefined ? null : store.run(id, fence);
    if (!run || fence === undefined || (await run.list('checkpoints')).length === 0) {
      throw new LocopropError('STORE_NO_CHECKPOINT', { directory: id, reason: 'it has saved none yet' });
    }
    const parts = await specs.partsOf(record.spec);
    const trained = await loadTrained(new StoredRun(run), record.spec, parts, checkpoint);
    const names = await writeExport(format, toExport(trained), run, `${exportFolder(format)}/`);
    const now = await records.find(id);
    if (now === null || runOf(now)?.fence !== fence) {
      // Whoever cleared that run away did not know of these.
      for (const name of names) await run.remove(name);
      throw new LocopropError(now === null ? 'JOB_UNKNOWN' : 'JOB_CHANGED', { job: id });
    }
    const files = new Map((await store.files(id, fence)).map((file) => [file.name, file]));
    return names.flatMap((name) => files.get(name) ?? []);
  }
}
