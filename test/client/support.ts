import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { CoordinatorClient } from '#services/client/client.js';
import type { Patience } from '#services/client/requests.js';
import { FakeCoordinator } from './fake-coordinator.js';

/** A coordinator that ends with the test. */
export async function coordinator(tls?: {
  readonly key: string;
  readonly cert: string;
}): Promise<FakeCoordinator> {
  const server = await new FakeCoordinator(tls ?? null).start();
  onTestFinished(() => server.stop());
  return server;
}

export const clientOf = (
  { url, token }: Pick<FakeCoordinator, 'url' | 'token'>,
  patience?: Partial<Patience>,
): CoordinatorClient => new CoordinatorClient({ url: new URL(url), token, ca: null }, patience);

/** Resolves once something holds. */
export async function until(holds: () => boolean, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`it did not come to hold: ${holds.toString()}`);
    await sleep(5);
  }
}

/** The failure that something ends with. */
export async function failureOf(run: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await run;
  } catch (cause) {
    const { name, code, message, remedy, retryable, exitCode } = cause as Error & Record<string, unknown>;
    return { name, code, message, remedy, retryable, exitCode };
  }
  throw new Error('nothing failed');
}
