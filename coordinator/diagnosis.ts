import { cpus, totalmem } from 'node:os';
import { LocopropError } from '../core/errors/error.js';
import { fastest, type Choice, type Trial } from '../engine/auto.js';
import { cpuLimit } from '../engine/cpu-limit.js';
import { likelyEngines } from '../engine/devices.js';
import type { EngineInfo } from '../engine/engine.js';
import { checkEngine, engineNames, startEngine } from '../engine/engines.js';
import { measureSpeed } from '../engine/speed.js';
import { locatePublicSet, type PublicSetLocation } from '../services/datasets/named.js';
import { publicSets } from '../services/datasets/named-sets.js';

/** What a machine has of what training needs. */
export interface Diagnosis {
  readonly node: { readonly version: string; readonly supported: boolean; readonly platform: string };
  /** Processors of the machine, and those that this process may use. */
  readonly processors: { readonly machine: number; readonly usable: number };
  readonly memoryBytes: number;
  readonly engines: readonly EngineDiagnosis[];
  /** What `--engine auto` takes, and why. */
  readonly auto: Choice;
  readonly data: readonly PublicSetLocation[];
}

export type EngineDiagnosis =
  | {
      readonly name: string;
      readonly available: true;
      readonly info: EngineInfo;
      readonly gflops: number;
      /** What it computes otherwise than the reference, or null. */
      readonly wrong: string | null;
    }
  | { readonly name: string; readonly available: false; readonly reason: string; readonly remedy: string };

/** Looks at the machine, and measures each engine for about a second. */
export async function diagnose(
  environment: Readonly<Record<string, string | undefined>>,
  threads: number | null,
): Promise<Diagnosis> {
  const engines: EngineDiagnosis[] = [];
  for (const name of engineNames) engines.push(await diagnoseEngine(name, threads));
  const data: PublicSetLocation[] = [];
  for (const set of Object.values(publicSets)) data.push(await locatePublicSet(set, environment));
  return {
    node: {
      version: process.versions.node,
      supported: isSupported(process.versions.node),
      platform: `${process.platform} ${process.arch}`,
    },
    processors: { machine: cpus().length, usable: cpuLimit() },
    memoryBytes: totalmem(),
    engines,
    auto: fastest(engines.filter(({ name }) => contenders.includes(name)).map(asTrial)),
    data,
  };
}

/** What `auto` may take; the reference is for comparison. */
const contenders: readonly string[] = likelyEngines({ gpu: true, cuda: true });

const asTrial = (engine: EngineDiagnosis): Trial =>
  engine.available ? engine : { name: engine.name, failure: 'not available' };

/** In place of a remedy that names the diagnosis itself. */
const HOW_TO_GET = 'docs/engines.md and docs/gpu.md say what each engine needs.';

/** The oldest Node that locoprop runs on, as its package.json has it. */
const OLDEST_NODE = '20.19.0';

const isSupported = (version: string): boolean =>
  version.localeCompare(OLDEST_NODE, 'en', { numeric: true }) >= 0;

async function diagnoseEngine(name: string, threads: number | null): Promise<EngineDiagnosis> {
  try {
    const engine = await startEngine(name, threads);
    try {
      const wrong = await checkEngine(engine);
      return { name, available: true, info: engine.info, wrong, gflops: await measureSpeed(engine) };
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (!(error instanceof LocopropError)) throw error;
    const { code, message: reason, remedy } = error;
    return { name, available: false, reason, remedy: code === 'ENGINE_UNAVAILABLE' ? HOW_TO_GET : remedy };
  }
}
