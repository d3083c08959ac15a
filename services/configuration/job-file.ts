import { resolve } from 'node:path';
import { LocopropError } from '../../core/errors/error.js';
import { checkPart } from '../../core/parts/check.js';
import type { Part } from '../../core/parts/part.js';
import { Parts } from '../../core/parts/registry.js';
import type { Override } from '../../core/spec/overrides.js';
import type { JobSpec } from '../../core/spec/job-spec.js';
import { parseSpec } from '../../core/spec/parse.js';
import { loadPlugins } from './plugins.js';
import { readSpecFile, writeYaml } from './spec-file.js';

/** A spec ready to run. */
export interface JobFile {
  readonly spec: JobSpec;
  /** The built-in parts and those of its plugins. */
  readonly parts: Parts;
  /** Where its relative paths start. */
  readonly directory: string;
}

/**
 * Reads, completes and checks a spec and loads its plugins. Paths in the result are absolute.
 * @throws LocopropError SPEC_…, PLUGIN_FAILED
 */
export async function readJob(file: string, overrides: readonly Override[] = []): Promise<JobFile> {
  const { data, directory } = await readSpecFile(file, overrides);
  const plugins = pluginsOf(data);
  const parts = new Parts(await partsOf(plugins, directory));
  return { spec: withAbsolutePaths(parseSpec(data, parts), directory), parts, directory };
}

/** A checked spec as YAML: every default filled in, so that it means the same to later versions. */
export const resolvedYaml = (spec: JobSpec): string => writeYaml(spec);

/** The plugins must be known before the spec can be checked; what is no list of names is refused then. */
function pluginsOf(data: unknown): string[] {
  const given: unknown = typeof data === 'object' && data !== null && 'plugins' in data ? data.plugins : [];
  return Array.isArray(given) ? given.filter((name) => typeof name === 'string') : [];
}

async function partsOf(files: readonly string[], directory: string): Promise<Part[]> {
  const parts: Part[] = [];
  for (const file of files) {
    for (const exported of await loadPlugins([file], directory)) {
      try {
        parts.push(checkPart(exported));
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new LocopropError('PLUGIN_FAILED', { file: resolve(directory, file), reason }, { cause });
      }
    }
  }
  return parts;
}

type Source = JobSpec['data']['train'];

function withAbsolutePaths(spec: JobSpec, directory: string): JobSpec {
  const absolute = (path: string): string => resolve(directory, path);
  const source = <T extends Source | undefined>(given: T): T =>
    given && 'file' in given ? { ...given, file: absolute(given.file) } : given;
  const { data, plugins, initialWeights } = spec;
  return {
    ...spec,
    plugins: plugins.map(absolute),
    data: { ...data, train: source(data.train), ...(data.test && { test: source(data.test) }) },
    initialWeights: initialWeights === null ? null : absolute(initialWeights),
  };
}
