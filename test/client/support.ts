import { onTestFinished } from 'vitest';
import { CoordinatorClient } from '#services/client/client.js';
import type { Patience } from '#services/client/requests.js';
import { FakeCoordinator } from './fake-coordinator.js';
import { until as waitUntil } from '../support/until.js';

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
export const until = (holds: () => boolean): Promise<void> => waitUntil(holds, String(holds), 10_000);

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
