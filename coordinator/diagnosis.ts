import { cpus, totalmem } from 'node:os';
import { LocopropError } from '../core/errors/error.js';
import { input, matmul } from '../core/expression/expression.js';
import type { Routine } from '../core/expression/routine.js';
import type { Matrix } from '../core/matrix.js';
import { cpuLimit } from '../engine/cpu-limit.js';
import type { Engine, EngineInfo } from '../engine/engine.js';
import { engineNames, startEngine } from '../engine/engines.js';
import { locatePublicSet, type PublicSetLocation } from '../services/datasets/named.js';
import { publicSets } from '../services/datasets/named-sets.js';
import { Stopwatch } from './stopwatch.js';

/** What a machine has of what training needs. */
export interface Diagnosis {
  readonly node: { readonly version: string; readonly supported: boolean; readonly platform: string };
  /** Processors of the machine, and those that this process may use. */
  readonly processors: { readonly machine: number; readonly usable: number };
  readonly memoryBytes: number;
  readonly engines: readonly EngineDiagnosis[];
  readonly data: readonly PublicSetLocation[];
}

export type EngineDiagnosis =
  | { readonly name: string; readonly available: true; readonly info: EngineInfo; readonly gflops: number }
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
    data,
  };
}

/** The oldest Node that locoprop runs on, as its package.json has it. */
export const OLDEST_NODE = '20.19.0';

const isSupported = (version: string): boolean =>
  version.localeCompare(OLDEST_NODE, 'en', { numeric: true }) >= 0;

async function diagnoseEngine(name: string, threads: number | null): Promise<EngineDiagnosis> {
  try {
    const engine = await startEngine(name, threads);
    try {
      return { name, available: true, info: engine.info, gflops: await measureProducts(engine) };
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (!(error instanceof LocopropError)) throw error;
    const { message: reason, remedy } = error;
    return { name, available: false, reason, remedy };
  }
}

/** Repeated products of square matrices, in one call. */
const productsRoutine: Routine = {
  name: 'products',
  setup: {},
  loop: { body: { product: matmul(input('product'), input('factor')) } },
  outputs: ['product'],
};

/** A first, small product tells how large the measured ones may be. */
const PROBE_SIZE = 128;
const SIZES = [1024, 512, 256];
const MEASURED_SECONDS = 0.4;

/** The engine's speed in matrix products, in 10⁹ floating-point operations a second. */
async function measureProducts(engine: Engine): Promise<number> {
  const probed = await productSpeed(engine, PROBE_SIZE, 1);
  const operations = probed * 1e9 * MEASURED_SECONDS;
  const size = SIZES.find((candidate) => 2 * candidate ** 3 <= operations / 4) ?? PROBE_SIZE;
  return productSpeed(engine, size, Math.max(1, Math.round(operations / (2 * size ** 3))));
}

async function productSpeed(engine: Engine, size: number, count: number): Promise<number> {
  // Entries of 1/size keep the products as they are: each row sums to 1.
  const uniform = (): Matrix => ({
    rows: size,
    columns: size,
    data: new Float32Array(size * size).fill(1 / size),
  });
  const inputs = { product: await engine.upload(uniform()), factor: await engine.upload(uniform()) };
  const run = async (passes: number): Promise<void> => {
    const call = { routine: productsRoutine, inputs, passes: Array.from({ length: passes }, () => ({})) };
    const { tensors } = await engine.run(call);
    engine.release(Object.values(tensors));
  };
  // Compiles the routine.
  await run(1);
  const watch = new Stopwatch();
  await run(count);
  const seconds = watch.lap();
  engine.release(Object.values(inputs));
  return (count * 2 * size ** 3) / seconds / 1e9;
}
