import { LocopropError } from '../core/errors/error.js';
import type { Override } from '../core/spec/overrides.js';
import type { EngineOptions } from './options.js';

/** Fields that may differ when a run is continued: none of them changes what was trained so far. */
export const CHANGEABLE = [
  'training.epochs',
  'training.stopAfterEpochs',
  'evaluation',
  'checkpoints',
  'engine',
] as const;

/** What `--set`, `--engine` and `--threads` say, in this order. @throws LocopropError CLI_USAGE */
export async function allOverrides({
  set = [],
  engine,
  threads,
}: EngineOptions & { readonly set?: readonly string[] }): Promise<Override[]> {
  const overrides: Override[] = [];
  for (const text of set) overrides.push(await parseSet(text));
  if (engine !== undefined) overrides.push({ path: ['engine', 'name'], value: engine });
  if (threads !== undefined) overrides.push({ path: ['engine', 'threads'], value: threads });
  return overrides;
}

/** `training.epochs=3`; the value is YAML, so that `null`, numbers, lists and objects can be given. */
async function parseSet(text: string): Promise<Override> {
  const { parsePath } = await import('../core/spec/overrides.js');
  const { parseYaml } = await import('../services/configuration/yaml-text.js');
  const [, path = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (path === '') throw new LocopropError('CLI_USAGE', { reason: `--set takes path=value, not "${text}".` });
  return { path: parsePath(path), value: parseYaml(value, `--set ${path}`) };
}

/** @throws LocopropError CLI_FIELD_FIXED */
export function requireChangeable(overrides: readonly Override[]): void {
  for (const { path } of overrides) {
    const field = path.join('.');
    const allowed = CHANGEABLE.some((prefix) => field === prefix || field.startsWith(`${prefix}.`));
    if (!allowed) throw new LocopropError('CLI_FIELD_FIXED', { field, allowed: CHANGEABLE.join(', ') });
  }
}
