import type { LocopropError } from '#core/errors/error.js';
import { submitted } from '#core/job/moves.js';
import type { JobRecord } from '#core/job/record.js';
import type { JobSpec } from '#core/spec/job-spec.js';
import type { JobStore } from '#services/store/job-store.js';
import { type JobStoreOptions, openJobStore } from '#services/store/open-job-store.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';

/** An empty place for a store, and the way past the store to what lies in it. */
export interface Place {
  readonly location: string;
  readonly put: (key: string, content: string | Uint8Array) => Promise<void>;
  /** Everything in it, unfinished files too. */
  readonly keys: () => Promise<string[]>;
}

export type NewPlace = () => Promise<Place>;

export interface OpenedStore {
  readonly store: JobStore;
  readonly problems: LocopropError[];
}

/** A store that is closed when the test ends. */
export async function openStore(
  { location }: Place,
  options: Partial<JobStoreOptions> = {},
): Promise<OpenedStore> {
  const problems: LocopropError[] = [];
  const store = await openJobStore(location, { onProblem: (problem) => problems.push(problem), ...options });
  onTestFinished(() => store.close());
  return { store, problems };
}

// The store looks at no more of a spec than its name.
const spec = { name: 'job', queue: { priority: 50 } } as unknown as JobSpec;

export const newRecord = (id: string): JobRecord =>
  submitted({ id, spec, idempotencyKey: null }, new Date('2026-01-02T03:04:05Z'));

export async function* chunksOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await setTimeout(0);
    yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  }
}

export async function textOf(stream: Readable | null): Promise<string | null> {
  if (!stream) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const WRITERS = fileURLToPath(new URL('writers.mjs', import.meta.url));

export interface Writer {
  /** Waits until it has written a line, or has ended. */
  readonly begun: () => Promise<void>;
  readonly kill: () => void;
  /** The lines that it has written, once it has ended; fails where it ended by itself in another way. */
  readonly lines: (expected: 'SIGKILL' | 0) => Promise<string[]>;
}

/** A process that writes to a store: see writers.mjs. */
export function startWriter(...args: readonly string[]): Writer {
  const child = spawn(process.execPath, [WRITERS, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  return {
    begun: async () => {
      if (output === '') await Promise.race([once(child.stdout, 'data'), closed]);
    },
    kill: () => void child.kill('SIGKILL'),
    lines: async (expected) => {
      const [code, signal] = await closed;
      expect(code ?? signal).toBe(expected);
      // A line that a kill has cut off was not told.
      return output.split('\n').slice(0, -1);
    },
  };
}
