import { messageOf } from '../../core/errors/message.js';
import { resolve } from 'node:path';
import { LocopropError } from '../../core/errors/error.js';
import { checkPart } from '../../core/parts/check.js';
import { withCheckedRules, type RuleFault } from '../../core/parts/checked-rules.js';
import type { Part } from '../../core/parts/part.js';
import { Parts } from '../../core/parts/registry.js';
import type { JobSpec } from '../../core/spec/job-spec.js';
import type { Override } from '../../core/spec/overrides.js';
import { parseSpec } from '../../core/spec/parse.js';
import { isMap } from '../../core/spec/plain-value.js';
import { withAbsolutePaths } from './absolute-paths.js';
import { loadPlugins, reasonOf } from './plugins.js';
import { readSpecFile } from './spec-file.js';
import { writeYaml } from './yaml-text.js';

/** A spec ready to run. */
export interface JobFile {
  /** Its paths are absolute. */
  readonly spec: JobSpec;
  /** The built-in parts and those of its plugins. */
  readonly parts: Parts;
  /** Where its relative paths started. */
  readonly directory: string;
}

/**
 * Reads, completes and checks a spec and loads its plugins.
 * @param start where relative paths start; by default the folder of the file
 * @throws LocopropError SPEC_…, PLUGIN_FAILED, STORE_READ_FAILED
 */
export async function readJob(
  file: string,
  overrides: readonly Override[] = [],
  start?: string,
): Promise<JobFile> {
  const { data, directory: folder } = await readSpecFile(file, overrides);
  const directory = start ?? folder;
  const { spec, parts } = await checkSpec(data, { source: file, directory });
  return { spec: withAbsolutePaths(spec, directory), parts, directory };
}

/**
 * Completes and checks a spec and loads its plugins.
 * @param data what a YAML or JSON file holds
 * @throws LocopropError SPEC_…, PLUGIN_FAILED
 */
export async function checkSpec(
  data: unknown,
  { source, directory }: { readonly source: string; readonly directory: string },
): Promise<Pick<JobFile, 'spec' | 'parts'>> {
  const parts = new Parts(await partsOf(pluginsOf(data), directory));
  return { spec: parseSpec(data, parts, source), parts };
}

/** A checked spec as YAML: every default filled in, so that it means the same to later versions. */
export const resolvedYaml = (spec: JobSpec): string => writeYaml(spec);

/** The files of plugins that a spec names. They must be known before it can be checked; what is
 * no list of names is refused then. */
export function pluginsOf(data: unknown): string[] {
  const given = isMap(data) ? data['plugins'] : undefined;
  const files: unknown[] = Array.isArray(given) ? given : [];
  return [...new Set(files.filter((file) => typeof file === 'string'))];
}

/** The parts of plugins. Two of them may not define the same part; one may replace a built-in part. */
async function partsOf(files: readonly string[], directory: string): Promise<Part[]> {
  const parts = new Map<string, { readonly part: Part; readonly file: string }>();
  for (const name of files) {
    const file = resolve(directory, name);
    for (const exported of await loadPlugins([file], directory)) {
      const part = checked(exported, file);
      const key = `${part.kind} ${part.name}`;
      const earlier = parts.get(key);
      if (earlier) throw failed(file, `it defines the ${key}, and so does ${earlier.file}.`);
      parts.set(key, { part, file });
    }
  }
  return [...parts.values()].map(({ part }) => part);
}

const failed = (file: string, reason: string, cause?: unknown): LocopropError =>
  new LocopropError('PLUGIN_FAILED', { file, reason }, { cause });

function checked(exported: unknown, file: string): Part {
  try {
    const part = checkPart(exported);
    return withCheckedRules(part, (rule, fault) => ruleFailed(part, rule, fault, file));
  } catch (cause) {
    throw failed(file, messageOf(cause), cause);
  }
}

function ruleFailed({ kind, name }: Part, rule: string, fault: RuleFault, file: string): LocopropError {
  const thrown = 'thrown' in fault ? fault.thrown : undefined;
  const reason = 'problem' in fault ? `it ${fault.problem}.` : `it throws: ${reasonOf(thrown, file)}`;
  return new LocopropError('PLUGIN_RULE_FAILED', { rule, kind, part: name, file, reason }, { cause: thrown });
}
