import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { LocopropError } from '../../core/errors/error.js';
import { formatAddress, parseAddress } from './addresses.js';
import { reasonOf } from './text.js';

/** How long calls that are under way may take to end. */
const GRACE_MS = 1_000;

/**
 * Starts to listen on HOST:PORT.
 *
 * @returns the address with the real port
 * @throws CLUSTER_ADDRESS_INVALID or CLUSTER_LISTEN_FAILED
 */
export function bind(server: Server, address: string, credentials: ServerCredentials): Promise<string> {
  const { host } = parseAddress(address, 0);
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(new LocopropError('CLUSTER_LISTEN_FAILED', { address, reason: reasonOf(cause) }, { cause }));
    try {
      server.bindAsync(address, credentials, (error, port) =>
        error ? fail(error) : resolve(formatAddress(host, port)),
      );
    } catch (cause) {
      fail(cause);
    }
  });
}

/** Ends a server: calls under way get a moment to end, and connections are closed. */
export function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), GRACE_MS);
    server.tryShutdown((error) => {
      clearTimeout(timer);
      // What could not end of itself is ended.
      if (error) server.forceShutdown();
      resolve();
    });
  });
}
