import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './running.js';

const servers = new Set<RedisServer>();

/** Ends all that were started. */
export async function endRedisServers(): Promise<void> {
  await Promise.all([...servers].map((server) => server.remove()));
}

/** A real Redis on a free port that keeps its data in a folder of its own, every write of it at once. */
export class RedisServer {
  private process: ChildProcess | null = null;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly options: readonly string[],
  ) {}

  /** @param options added to the command line, as `--maxmemory-policy allkeys-lru` */
  static async start(...options: string[]): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'locoprop-redis-'));
    const server = new RedisServer(await freePort(), folder, options);
    servers.add(server);
    await server.begin();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, or starts it again with the data that it had. */
  async begin(): Promise<void> {
    const own = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.folder];
    const durable = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
    const child = spawn('redis-server', [...own, ...durable, ...this.options]);
    this.process = child;
    let output = '';
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', () => reject(new Error(`redis-server ended:\n${output}`)));
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.includes('Ready to accept connections')) resolve();
      });
    });
  }

  /** Ends it; with SIGKILL as in a crash. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.process;
    this.process = null;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    // One that was stopped ends, too.
    child.kill('SIGCONT');
    child.kill(signal);
    await closed;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.begin();
  }

  /** Stops or continues the process, as a machine that stands still. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.process?.kill(name);
  }

  /** Loses all data. */
  flush(): Promise<void> {
    return this.ask(async (redis) => {
      await redis.flushall();
    });
  }

  /** Runs commands on a connection of their own. */
  async ask<Result>(commands: (redis: Redis) => Promise<Result>): Promise<Result> {
    const redis = new Redis(this.port, '127.0.0.1', { connectTimeout: 3000, maxRetriesPerRequest: 1 });
    try {
      return await commands(redis);
    } finally {
      redis.disconnect();
    }
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    servers.delete(this);
    await this.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}
