import { totalmem } from 'node:os';
import { cpuLimit } from '../engine/cpu-limit.js';
import type { Engine } from '../engine/engine.js';
import { startEngine } from '../engine/engines.js';

export interface ResourceChoice {
  /** Name of the engine. */
  readonly engine: string;
  /** The worker's share of the processors where it is absent. */
  readonly threads?: number | undefined;
  /** What parts may take; most of the worker's share where it is absent. */
  readonly memoryBytes?: number | undefined;
  /** How many workers share this machine or container. */
  readonly workersOnHost: number;
}

/** Of the memory that is there; the rest is for the program itself and for others. */
const MEMORY_SHARE = 0.6;

/** What a worker works with. @throws LocopropError ENGINE_UNAVAILABLE */
export async function openResources({
  engine,
  threads,
  memoryBytes,
  workersOnHost,
}: ResourceChoice): Promise<{ readonly engine: Engine; readonly memoryBytes: number }> {
  const ownThreads = threads ?? Math.max(1, Math.floor(cpuLimit() / workersOnHost));
  return {
    engine: await startEngine(engine, ownThreads, { sharesProcessors: workersOnHost > 1 }),
    memoryBytes: memoryBytes ?? Math.floor((MEMORY_SHARE * memoryLimit()) / workersOnHost),
  };
}

/** Bytes that this process may use: the machine's, or the container's limit if lower. */
function memoryLimit(): number {
  // 0 where none can be told, huge where none was set.
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
}
