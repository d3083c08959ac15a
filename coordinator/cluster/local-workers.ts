import { spawn, type ChildProcess } from 'node:child_process';
import { LocopropError } from '../../core/errors/error.js';
import { cpuLimit } from '../../engine/cpu-limit.js';

/** A worker that ran so long has not failed at its start: its restarts are counted anew. */
const SOUND_MS = 30_000;
const FIRST_DELAY_MS = 200;
const LARGEST_DELAY_MS = 10_000;
/** Restarts in a row after which a worker is given up. */
const MAX_RESTARTS = 8;
/** Between asking workers to end and ending them. */
const GRACE_MS = 5000;

export interface LocalRestart {
  readonly worker: string;
  readonly reason: string;
  readonly delayMs: number;
}

export interface LocalWorkersOptions {
  readonly count: number;
  /** Of the coordinator. */
  readonly address: string;
  /** Arguments of `locoprop worker` besides the coordinator's address and the name. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The program and its first arguments, such as node and the file of the command line. */
  readonly command: readonly [string, ...string[]];
  /** Told of each worker that has ended and is started anew after a while. */
  readonly onRestart: (restart: LocalRestart) => void;
  /** Told once all workers have been given up. */
  readonly onFailed: (error: LocopropError) => void;
}

const nameOf = (number: number): string => `local-${number}`;

/** A remark where so many workers have less than a processor each; else null. */
export function crowding(count: number): string | null {
  const processors = cpuLimit();
  if (count <= processors) return null;
  return `${count} workers share ${processors} processors: more workers than those will not be faster.`;
}

/** Workers that a run starts on its own machine, and starts anew, with growing delays, when they die. */
export class LocalWorkers {
  readonly #options: LocalWorkersOptions;
  readonly #children = new Set<ChildProcess>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #left: number;
  #closing = false;

  constructor(options: LocalWorkersOptions) {
    this.#options = options;
    this.#left = options.count;
    for (let number = 1; number <= options.count; number++) this.#start(number, 0);
  }

  /** Has workers that end from now on stay away: the run has come to its end, and they are told so. */
  letEnd(): void {
    this.#closing = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    this.letEnd();
    await Promise.all(Array.from(this.#children, ended));
  }

  #start(number: number, restarts: number): void {
    const { count, address, args, environment, command } = this.#options;
    const [program, ...first] = command;
    const own = ['worker', '--coordinator', address, '--name', nameOf(number), '--once', ...args];
    const startedMs = performance.now();
    const child = spawn(program, [...first, ...own], {
      // The worker ends once its standard input does, so none outlives this process.
      stdio: ['pipe', 'ignore', 'inherit'],
      env: { ...environment, LOCOPROP_PARENT_PIPE: '1', LOCOPROP_WORKERS_ON_HOST: String(count) },
    });
    this.#children.add(child);
    let over = false;
    const onEnd = (reason: string): void => {
      if (over) return;
      over = true;
      this.#children.delete(child);
      if (this.#closing) return;
      const sound = performance.now() - startedMs > SOUND_MS;
      this.#restart(number, sound ? 0 : restarts, reason);
    };
    child.on('error', (error) => onEnd(error.message));
    child.on('exit', (code, signal) =>
      onEnd(signal ? `it was ended by ${signal}` : `it ended with code ${code}`),
    );
    // Writing to a worker that is gone is no failure of this process.
    child.stdin.on('error', () => undefined);
  }

  #restart(number: number, restarts: number, reason: string): void {
    if (restarts === MAX_RESTARTS) {
      this.#left -= 1;
      const { address, onFailed } = this.#options;
      if (this.#left === 0) onFailed(new LocopropError('CLUSTER_WORKERS_FAILED', { reason, address }));
      return;
    }
    const delayMs = Math.min(LARGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** restarts);
    this.#options.onRestart({ worker: nameOf(number), reason, delayMs });
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#start(number, restarts + 1);
    }, delayMs);
    this.#timers.add(timer);
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    if (child.exitCode !== null || child.signalCode !== null) {
      clearTimeout(timer);
      resolve();
      return;
    }
    child.kill('SIGTERM');
  });
}
