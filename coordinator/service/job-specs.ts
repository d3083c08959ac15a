import { realpath } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { LocopropError } from '../../core/errors/error.js';
import type { Parts } from '../../core/parts/registry.js';
import type { JobSpec } from '../../core/spec/job-spec.js';
import { checkSpec, pluginsOf } from '../../services/configuration/job-file.js';
import { mapPaths, pathsOf, type PathKind } from '../../services/configuration/spec-paths.js';
import { withLines } from '../../services/configuration/spec-lines.js';
import { parseYaml } from '../../services/configuration/yaml-text.js';
import type { JobStore } from '../../services/store/job-store.js';
import type { Job } from '../runner.js';

/** How a spec names an uploaded data set: by the SHA-256 of its bytes. */
const UPLOAD = /^upload:([0-9a-f]{64})$/;

export interface JobSpecsOptions {
  readonly store: JobStore;
  /** Folder whose files specs may name; null for none. */
  readonly files: string | null;
  /** Folder whose plugins specs may name; null for none. */
  readonly plugins: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Takes the place of what a spec leaves to the machine. */
  readonly engine: { readonly name: string; readonly threads: number | null };
}

/** The specs of clients, which may name nothing but what this machine offers. */
export class JobSpecs {
  readonly #options: JobSpecsOptions;

  constructor(options: JobSpecsOptions) {
    this.#options = options;
  }

  /**
   * Reads a spec and fills in its defaults; its paths stay as they were written.
   * @throws SpecRefusal SPEC_…, PLUGIN_FAILED, JOB_PATH_REFUSED, DATASET_UNKNOWN
   */
  async check(text: string, source: string): Promise<JobSpec> {
    try {
      return await this.#check(text, source);
    } catch (error) {
      throw withLines(error, text);
    }
  }

  async #check(text: string, source: string): Promise<JobSpec> {
    const data = parseYaml(text, source);
    // Plugins are run to check the spec, so they are looked at first.
    for (const file of pluginsOf(data)) await this.#locate(file, 'plugin');
    const { spec } = await checkSpec(data, { source, directory: this.#options.plugins ?? '/' });
    for (const { path, kind } of pathsOf(spec)) await this.#locate(path, kind);
    return spec;
  }

  /** The job of a checked spec, whose paths are those of this machine. @throws as `check` */
  async open(checked: JobSpec): Promise<Job> {
    const located = new Map<string, string>();
    for (const { path, kind } of pathsOf(checked)) {
      located.set(`${kind} ${path}`, await this.#locate(path, kind));
    }
    const here = mapPaths(checked, (path, kind) => located.get(`${kind} ${path}`)!);
    const { engine, environment } = this.#options;
    const data: JobSpec = {
      ...here,
      engine: {
        name: here.engine.name === 'auto' ? engine.name : here.engine.name,
        threads: here.engine.threads ?? engine.threads,
      },
    };
    const { spec, parts } = await checkSpec(data, { source: checked.name, directory: '/' });
    return { spec, parts, directory: '/', environment };
  }

  /** The parts that a checked spec is made of, whatever has become of its data. @throws as `check` */
  async partsOf(checked: JobSpec): Promise<Parts> {
    const located = new Map<string, string>();
    for (const file of checked.plugins) located.set(file, await this.#locate(file, 'plugin'));
    const here = mapPaths(checked, (path, kind) => (kind === 'plugin' ? located.get(path)! : path));
    return (await checkSpec(here, { source: checked.name, directory: '/' })).parts;
  }

  /** Where a path leads on this machine. */
  async #locate(path: string, kind: PathKind): Promise<string> {
    const [, dataset] = UPLOAD.exec(path) ?? [];
    if (dataset !== undefined && kind !== 'plugin') {
      const file = await this.#options.store.datasetFile(dataset);
      if (file === null) throw new LocopropError('DATASET_UNKNOWN', { dataset });
      return file;
    }
    const folder = kind === 'plugin' ? this.#options.plugins : this.#options.files;
    if (folder === null) {
      throw refused(path, kind === 'plugin' ? 'it runs no plugins.' : 'it opens no files but uploaded ones.');
    }
    return confined(path, folder);
  }
}

const refused = (path: string, reason: string): LocopropError =>
  new LocopropError('JOB_PATH_REFUSED', { path, reason });

/** The file that a path names within a folder, also where links are followed. */
async function confined(path: string, folder: string): Promise<string> {
  const root = await realpath(folder).catch(() => {
    throw refused(path, 'the folder for such files is not there.');
  });
  const file = resolve(root, path);
  const inside = (target: string): boolean => {
    const way = relative(root, target);
    return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && resolve(root, way) === target;
  };
  if (!inside(file)) throw refused(path, 'it lies outside of the folder for such files.');
  const real = await realpath(file).catch(() => {
    throw refused(path, 'there is no such file.');
  });
  if (!inside(real)) throw refused(path, 'it leads outside of the folder for such files.');
  return real;
}
