import { Parts } from '../../core/parts/registry.js';
import { isMap } from '../../core/spec/plain-value.js';
import { parseSpec } from '../../core/spec/parse.js';

/**
 * Checks a spec before anything of it is sent, as far as that can be known here: plugins are the coordinator's,
 * and so is the check of a spec with some.
 *
 * @param source what messages call it
 * @throws LocopropError SPEC_INVALID
 */
export function checkBeforeSending(data: unknown, source: string): void {
  const plugins = isMap(data) ? data['plugins'] : undefined;
  if (Array.isArray(plugins) && plugins.length > 0) return;
  parseSpec(data, new Parts(), source);
}
