import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CoordinatorClient } from '../../services/client/client.js';
import { firstAdminToken } from '../../services/security/token-file.js';

const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

/** So many requests a minute that none is refused. */
const RATE = '1000000';

/** `locoprop coordinator` in a process of its own, with a store that goes with it. */
export class CoordinatorProcess {
  readonly #child: ChildProcess;
  readonly #store: string;
  readonly #server: { readonly url: URL; readonly token: string | null; readonly ca: null };

  private constructor(child: ChildProcess, store: string, url: URL, token: string | null) {
    this.#child = child;
    this.#store = store;
    this.#server = { url, token, ca: null };
  }

  /** One whose engine, of one thread, solves the layers. */
  static async start(redis: string | null): Promise<CoordinatorProcess> {
    const store = mkdtempSync(join(tmpdir(), 'locoprop-bench-service-'));
    const free = ['--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
    const own = ['--store', store, '--solve-here', '--threads', '1', '--rate-limit', RATE];
    const child = spawn(process.execPath, [program, 'coordinator', ...free, ...own], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...(redis !== null && { REDIS_URL: redis }) },
    });
    // A bench that is ended leaves nothing that goes on training.
    process.once('exit', () => child.kill('SIGKILL'));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
    const url = await addressOf(child);
    const token = await firstAdminToken(join(store, 'api-tokens'));
    return new CoordinatorProcess(child, store, url, token);
  }

  /** A client with connections of its own. */
  client(): CoordinatorClient {
    return new CoordinatorClient(this.#server);
  }

  /** Bytes in memory now. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid!}/status`, 'utf8');
    return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN);
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#store, { recursive: true, force: true });
  }
}

/** Where a coordinator says that it listens. */
async function addressOf(child: ChildProcess): Promise<URL> {
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr! })) {
    said.push(line);
    if (!line.includes('"coordinator.started"')) continue;
    // What it logs from here on is nobody's.
    child.stderr!.resume();
    return new URL((JSON.parse(line) as { readonly http: string }).http);
  }
  throw new Error(`the coordinator ended: ${said.join('\n')}`);
}
