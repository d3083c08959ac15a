import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoordinatorClient } from '#services/client/client.js';
import { readTokens } from '#services/security/token-file.js';
import { start, type Outcome, type Running } from '../support/running.js';
import { parseLines, type Line } from '../telemetry/lines.js';

/** What coordinators share, and a folder for what they have besides. */
export interface Place {
  readonly folder: string;
  /** A folder, or s3://BUCKET/PREFIX. */
  readonly store: string;
  /** Address of a Redis; null for a queue in the process. */
  readonly redis: string | null;
}

const READY_MS = 60_000;
const POLL_MS = 20;

/** No client file and no settings of the user who runs the tests. */
export const environmentOf = ({ folder }: Pick<Place, 'folder'>) => ({
  HOME: folder,
  XDG_CONFIG_HOME: undefined,
  REDIS_URL: undefined,
  LOCOPROP_URL: undefined,
  LOCOPROP_TOKEN: undefined,
  // A promise whose failure nobody meets is a defect, and ends the process.
  NODE_OPTIONS: '--unhandled-rejections=strict',
});

/** A coordinator in a process of its own, which can be started again at the same addresses. */
export class Coordinator {
  process: Running;
  readonly #http: number;
  readonly #listen: number;
  #client: CoordinatorClient | null = null;
  #token: string | null = null;

  private constructor(
    readonly name: string,
    private readonly place: Place,
    private readonly args: readonly string[],
    env: Readonly<Record<string, string>>,
    [http, listen]: readonly [number, number],
  ) {
    this.#http = http;
    this.#listen = listen;
    this.process = this.#begin(env);
  }

  /**
   * @param args settings besides
   * @param env variables for the first of its processes
   */
  static async start(
    name: string,
    place: Place,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Coordinator> {
    const ports = [await steadyPort(), await steadyPort()] as const;
    const coordinator = new Coordinator(name, place, args, env, ports);
    await coordinator.ready();
    return coordinator;
  }

  #begin(env: Readonly<Record<string, string>> = {}): Running {
    const { store, redis, folder } = this.place;
    const own = ['--name', this.name, '--store', store, ...(redis === null ? [] : ['--redis', redis])];
    const addresses = ['--http', `127.0.0.1:${this.#http}`, '--grpc', 'none', '--listen', this.workers];
    const command = ['coordinator', ...own, ...addresses, '--rate-limit', 'none', ...this.args];
    return start(command, { cwd: folder, env: { ...environmentOf(this.place), ...env } });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#http}`;
  }

  /** Where workers dial in. */
  get workers(): string {
    return `127.0.0.1:${this.#listen}`;
  }

  /** Known once it was ready; null where everybody is let in. */
  get token(): string | null {
    return this.#token;
  }

  get client(): CoordinatorClient {
    if (!this.#client) throw new Error(`${this.name} was never ready`);
    return this.#client;
  }

  /** The log of its newest process so far. */
  get lines(): readonly Line[] {
    const { stderr } = this.process;
    return parseLines(stderr.slice(0, stderr.lastIndexOf('\n') + 1));
  }

  /** Resolves once its newest process serves clients. */
  async ready(): Promise<void> {
    await this.logged('coordinator.ready', () => true, READY_MS);
    const { store } = this.place;
    const file = join(store, 'api-tokens');
    this.#token ??= store.startsWith('s3:') ? null : ((await readTokens(file))[0]?.token ?? null);
    this.#client ??= new CoordinatorClient({ url: new URL(this.url), token: this.#token, ca: null });
  }

  /** The first line of an event that its newest process has logged, at once or as soon as there is one. */
  async logged(
    event: string,
    meets: (line: Line) => boolean = () => true,
    timeoutMs = 60_000,
  ): Promise<Line> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const found = this.lines.find((line) => line.msg === event && meets(line));
      if (found) return found;
      const { exitCode, signalCode } = this.process.child;
      const ended = exitCode !== null || signalCode !== null;
      if (ended || performance.now() > end) {
        const why = ended ? `it has ended (${exitCode ?? signalCode})` : `not in ${timeoutMs} ms`;
        throw new Error(`${this.name} logs no ${event}: ${why}\n${this.process.stderr.slice(-4000)}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** kill -9 of the process alone: what it has started is left to notice it. */
  async kill(): Promise<void> {
    const { child } = this.process;
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`${this.name} has ended before it was killed\n${this.process.stderr.slice(-4000)}`);
    }
    const exited = once(child, 'exit');
    this.process.signal('SIGKILL');
    await exited;
  }

  /** Asks it to end. */
  terminate(timeoutMs = 60_000): Promise<Outcome> {
    this.process.signal('SIGTERM');
    return this.process.waitForEnd(timeoutMs);
  }

  /** Starts it anew at the same addresses, where it has ended. */
  restart(): void {
    this.process = this.#begin();
  }
}

/** A free port below those that the system gives to connections, so that nobody takes it meanwhile. */
export async function steadyPort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 16_000);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw cause;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
