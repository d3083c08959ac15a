import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

export const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Outcome {
  /** Exit code, or the name of the signal that ended the process. */
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly cwd?: string | undefined;
  /** Added to the environment of the tests; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** A program to run the command line with, before node and its arguments. */
  readonly prefix?: readonly string[] | undefined;
}

export type Stream = 'stdout' | 'stderr';
export type Expected = RegExp | ((text: string) => boolean);

const meets = (text: string, expected: Expected): boolean =>
  typeof expected === 'function' ? expected(text) : text.search(expected) >= 0;

const running = new Set<Running>();

/** Ends all processes that were started, and what they started. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map((one) => one.killAll()));
}

/** The command line in a process of its own. */
export class Running {
  stdout = '';
  stderr = '';
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves when the process has ended and all that it wrote has come. */
  readonly ended: Promise<Outcome>;
  private outcome: Outcome | null = null;

  constructor(
    readonly args: readonly string[],
    { cwd, env = {}, prefix = [] }: StartOptions = {},
  ) {
    const [program = '', ...rest] = [...prefix, process.execPath, main, ...args];
    // A group of its own, so that what it has started itself can be ended with it.
    this.child = spawn(program, rest, { cwd, env: { ...process.env, ...env }, detached: true });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    running.add(this);
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        this.outcome = { code: code ?? signal, stdout: this.stdout, stderr: this.stderr };
        resolve(this.outcome);
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Resolves with the stream's text so far once that meets what is expected. */
  waitFor(stream: Stream, expected: Expected, timeoutMs = 60_000): Promise<string> {
    return new Promise((resolve, reject) => {
      const finish = (failure: string | null): void => {
        clearTimeout(timer);
        this.child[stream].off('data', look);
        this.child.off('close', give);
        if (failure === null) resolve(this[stream]);
        else reject(new Error(`${this.describe()} ${failure} without ${String(expected)} on ${stream}`));
      };
      const look = (): void => {
        if (meets(this[stream], expected)) finish(null);
      };
      const give = (): void => finish(meets(this[stream], expected) ? null : 'ended');
      const timer = setTimeout(() => finish(`went on for ${timeoutMs} ms`), timeoutMs);
      this.child[stream].on('data', look);
      this.child.on('close', give);
      if (this.outcome) give();
      else look();
    });
  }

  /** Resolves when the process has ended; it fails where that takes longer. */
  async waitForEnd(timeoutMs = 60_000): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${this.describe()} did not end in ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([this.ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Sends a signal to the process alone: SIGKILL, SIGTERM, SIGSTOP, SIGCONT. */
  signal(name: NodeJS.Signals): void {
    if (!this.child.kill(name)) throw new Error(`${this.describe()} has ended before ${name}`);
  }

  /** Ends the process and all that it started, and waits for that. */
  async killAll(): Promise<void> {
    running.delete(this);
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, 'SIGKILL');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause;
    }
    await this.ended;
  }

  /** What it was and what it has written so far, for the message of a failed test. */
  private describe(): string {
    const part = (name: Stream): string => `--- its ${name} so far:\n${this[name].slice(-4000)}\n`;
    return `${part('stdout')}${part('stderr')}--- locoprop ${this.args.join(' ')}`;
  }
}

export const start = (args: readonly string[], options?: StartOptions): Running => new Running(args, options);

/** A port of this machine that was free a moment ago. Where a server can be given port 0, that is better. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
