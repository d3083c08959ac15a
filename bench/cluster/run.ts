import { LocopropError } from '../../core/errors/error.js';
import { describeMachine, type Machine } from '../../engine/machine.js';
import type { Findings } from '../sections/section.js';
import type { ClusterBenchOptions, ClusterSection } from './section.js';
import { largeSection } from './sections/large.js';
import { refuseSection } from './sections/refuse.js';
import { scaleSection } from './sections/scale.js';
import { stepSection } from './sections/step.js';
import { wireSection } from './sections/wire.js';

export const sections = new Map<string, ClusterSection>([
  ['wire', wireSection],
  ['step', stepSection],
  ['scale', scaleSection],
  ['large', largeSection],
  ['refuse', refuseSection],
]);

export interface ClusterMeasurement {
  readonly section: string;
  readonly figures: Findings['figures'];
}

export interface ClusterReport {
  readonly machine: Machine;
  readonly options: ClusterBenchOptions;
  readonly measurements: readonly ClusterMeasurement[];
}

/**
 * Measures the named sections, all where none is named.
 * @throws LocopropError CLI_USAGE for an unknown section
 */
export async function runClusterBench(
  wanted: readonly string[],
  options: ClusterBenchOptions,
  onFindings: (section: string, text: string) => void,
): Promise<ClusterReport> {
  const unknown = wanted.find((name) => !sections.has(name));
  if (unknown !== undefined) {
    const reason = `There is no section "${unknown}"; there are ${[...sections.keys()].join(', ')}.`;
    throw new LocopropError('CLI_USAGE', { reason });
  }
  const measurements: ClusterMeasurement[] = [];
  for (const [section, { measure }] of sections) {
    if (wanted.length > 0 && !wanted.includes(section)) continue;
    const { figures, text } = await measure(options);
    measurements.push({ section, figures });
    onFindings(section, text);
  }
  return { machine: describeMachine(), options, measurements };
}
