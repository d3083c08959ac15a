import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { until } from './support.js';

const script = fileURLToPath(new URL('consumer.mjs', import.meta.url));

/** What a process of `consumer.mjs` tells. */
export interface Told {
  readonly type: 'ready' | 'given' | 'lost' | 'done' | 'error' | 'ended';
  readonly id?: string;
  readonly message?: string;
}

const running = new Set<ConsumerProcess>();

// A process ends with the tests of the file at the latest.
afterAll(async () => {
  await Promise.all([...running].map((one) => one.kill()));
});

/** A consumer in a process of its own. */
export class ConsumerProcess {
  readonly told: Told[] = [];
  private stderr = '';
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly closed: Promise<unknown>;

  private constructor(url: string, jobs: number, handleMs: number) {
    this.child = spawn(process.execPath, [script, url, `${jobs}`, `${handleMs}`]);
    this.closed = once(this.child, 'close');
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    createInterface(this.child.stdout).on('line', (line) => this.told.push(JSON.parse(line) as Told));
    running.add(this);
  }

  static async start(
    url: string,
    { jobs = 1, handleMs = 600_000 }: { jobs?: number; handleMs?: number } = {},
  ): Promise<ConsumerProcess> {
    const one = new ConsumerProcess(url, jobs, handleMs);
    await one.until((told) => told.some(({ type }) => type === 'ready'), 'it is ready', 20_000);
    return one;
  }

  /** The ids of those of which it told this. */
  idsOf(type: Told['type']): readonly string[] {
    return this.told.filter((one) => one.type === type).map(({ id = '' }) => id);
  }

  until(holds: (told: readonly Told[]) => boolean, what: string, timeoutMs?: number): Promise<void> {
    const look = (): boolean => {
      if (holds(this.told)) return true;
      if (this.hasEnded) throw new Error(`${what}: it has ended before\n${this.stderr}`);
      return false;
    };
    return until(look, what, timeoutMs);
  }

  /** SIGSTOP or SIGCONT. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    if (!this.child.kill(name)) throw new Error(`It has ended before ${name}\n${this.stderr}`);
  }

  /** As with `kill -9`. */
  async kill(): Promise<void> {
    running.delete(this);
    if (this.hasEnded) return;
    this.child.kill('SIGKILL');
    await this.closed;
  }

  /** Ends it as it is meant to end. @returns what it wrote to its standard error */
  async end(): Promise<string> {
    running.delete(this);
    if (!this.hasEnded) this.child.kill('SIGTERM');
    await this.closed;
    const { exitCode, signalCode } = this.child;
    if (exitCode !== 0) throw new Error(`It ended with ${exitCode ?? signalCode}\n${this.stderr}`);
    return this.stderr;
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}
