import { LocopropError } from '../core/errors/error.js';
import type { Engine, EngineInfo } from './engine.js';

/** What became of an engine that was tried. */
export type Trial =
  | { readonly name: string; readonly failure: string }
  | {
      readonly name: string;
      readonly info: Pick<EngineInfo, 'software'>;
      /** What it computes wrongly, or null. */
      readonly wrong: string | null;
      readonly gflops: number;
    };

export interface Choice {
  /** Null where nothing works. */
  readonly name: string | null;
  /** What the others were, and why it is none of them. */
  readonly reason: string;
}

/** Whether an engine that was tried may be taken. */
export function whyNot(trial: Trial): string | null {
  if ('failure' in trial) return trial.failure;
  if (trial.wrong !== null) return trial.wrong;
  return trial.info.software ? 'its GPU is software' : null;
}

const speed = ({ name, gflops }: { readonly name: string; readonly gflops: number }): string =>
  `${name} ${gflops.toPrecision(3)} GFLOP/s`;

/** The fastest of the engines that work. */
export function fastest(trials: readonly Trial[]): Choice {
  const sound = trials.filter((trial) => !('failure' in trial) && whyNot(trial) === null);
  const ranked = (sound as Extract<Trial, { gflops: number }>[]).toSorted((x, y) => y.gflops - x.gflops);
  const refused = trials.flatMap((trial) => {
    const why = whyNot(trial);
    return why === null ? [] : [`not ${trial.name}: ${why}`];
  });
  const reason = [...(ranked.length > 0 ? [ranked.map(speed).join(', ')] : []), ...refused].join('; ');
  return { name: ranked[0]?.name ?? null, reason };
}

/** How engines are tried. */
export interface Means<E extends Engine> {
  start(name: string): Promise<E>;
  /** What the engine computes wrongly, or null. */
  check(engine: E): Promise<string | null>;
  /** Floating-point operations a second, in 10⁹. */
  measure(engine: E): Promise<number>;
  /** Tells the user. */
  remark(text: string): void;
}

/** A driver that hangs takes its time for ever, and cannot be stopped: whoever waits is to know for what. */
const PATIENCE_MS = 30_000;

/**
 * Starts the fastest of some engines that works here. Where there is one only, nothing is measured.
 * @throws LocopropError of the only one; ENGINE_UNAVAILABLE where none of several works
 */
export async function startFastest<E extends Engine>(
  names: readonly string[],
  means: Means<E>,
): Promise<{ readonly engine: E; readonly reason: string | null }> {
  if (names.length === 1) return { engine: await means.start(names[0]!), reason: null };
  const started = new Map<string, E>();
  const trials: Trial[] = [];
  for (const name of names) trials.push(await tried(name, means, started));
  const { name: chosen, reason } = fastest(trials);
  const others = [...started].filter(([name]) => name !== chosen);
  // One that cannot even be closed is no reason not to take another one.
  await Promise.allSettled(others.map(([, engine]) => engine.close()));
  if (chosen !== null) return { engine: started.get(chosen)!, reason: `auto took it: ${reason}` };
  throw new LocopropError('ENGINE_UNAVAILABLE', { engine: 'auto', reason });
}

async function tried<E extends Engine>(
  name: string,
  means: Means<E>,
  started: Map<string, E>,
): Promise<Trial> {
  const slow = setTimeout(() => {
    means.remark(`auto tries ${name}, which has not answered for half a minute; --engine takes another one.`);
  }, PATIENCE_MS);
  try {
    const engine = await means.start(name);
    started.set(name, engine);
    const { info } = engine;
    // Slow as it is, there is nothing to measure.
    if (info.software) return { name, info, wrong: null, gflops: 0 };
    const wrong = await means.check(engine);
    return { name, info, wrong, gflops: wrong === null ? await means.measure(engine) : 0 };
  } catch (error) {
    if (!(error instanceof LocopropError)) throw error;
    return { name, failure: error.message };
  } finally {
    clearTimeout(slow);
  }
}
