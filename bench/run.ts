import { LocopropError } from '../core/errors/error.js';
import type { EngineInfo } from '../engine/engine.js';
import { startEngine } from '../engine/engines.js';
import { describeMachine, type Machine } from '../engine/machine.js';
import { gramSection } from './sections/gram.js';
import type { BenchOptions, Findings, Section } from './sections/section.js';
import { sizesSection } from './sections/sizes.js';
import { solveSection } from './sections/solve.js';
import { stepSection } from './sections/step.js';

/** In the order in which they run: the step comes first, for its peak memory is the whole process's. */
export const sections = new Map<string, Section>([
  ['step', stepSection],
  ['solve', solveSection],
  ['gram', gramSection],
  ['sizes', sizesSection],
]);

/** What a section found on one engine. */
export interface Measurement {
  readonly section: string;
  readonly engine: EngineInfo;
  readonly figures: Findings['figures'];
}

export interface BenchReport {
  readonly machine: Machine;
  readonly options: BenchOptions;
  readonly measurements: readonly Measurement[];
}

export interface BenchRequest {
  /** Names of sections; for none, all but those on request. */
  readonly sections: readonly string[];
  readonly engine: string;
  /** Each is measured on an engine of its own, where the engine takes it. */
  readonly threads: readonly number[];
  readonly options: BenchOptions;
}

/**
 * Measures; `onFindings` is told of each measurement as soon as it is made.
 * @throws LocopropError CLI_USAGE for an unknown section, ENGINE_…
 */
export async function runBench(
  { sections: wanted, engine: name, threads, options }: BenchRequest,
  onFindings: (measurement: Measurement, text: string) => void,
): Promise<BenchReport> {
  requireKnown(wanted);
  const measurements: Measurement[] = [];
  for (const [section, { measure, onRequest }] of sections) {
    if (wanted.length > 0 ? !wanted.includes(section) : onRequest) continue;
    const measured = new Set<number>();
    for (const count of threads) {
      const engine = await startEngine(name, count);
      try {
        // Some engines have as many threads as they have, whatever they are told.
        if (measured.has(engine.info.threads)) continue;
        measured.add(engine.info.threads);
        const { figures, text } = await measure(engine, options);
        const measurement = { section, engine: engine.info, figures };
        measurements.push(measurement);
        onFindings(measurement, text);
      } finally {
        await engine.close();
      }
    }
  }
  return { machine: describeMachine(), options, measurements };
}

function requireKnown(wanted: readonly string[]): void {
  const unknown = wanted.find((name) => !sections.has(name));
  if (unknown === undefined) return;
  const reason = `There is no section "${unknown}"; there are ${[...sections.keys()].join(', ')}.`;
  throw new LocopropError('CLI_USAGE', { reason });
}
