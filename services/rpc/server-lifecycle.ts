import { logVerbosity, setLogVerbosity, type Server, type ServerCredentials } from '@grpc/grpc-js';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { LocopropError } from '../../core/errors/error.js';
import { formatAddress, parseAddress } from '../network/address.js';
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
  const { host } = parseAddress(address);
  // What it would write to the console is told by the error.
  if (process.env['GRPC_VERBOSITY'] === undefined) setLogVerbosity(logVerbosity.NONE);
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(new LocopropError('CLUSTER_LISTEN_FAILED', { address, reason: whyNot(cause) }, { cause }));
    try {
      server.bindAsync(address, credentials, (error, port) =>
        error ? fail(error) : resolve(formatAddress(host, port)),
      );
    } catch (cause) {
      fail(cause);
    }
  });
}

/** Of `No address added … errors: [listen EADDRINUSE: address already in use 127.0.0.1:7000]`, what counts. */
const whyNot = (cause: unknown): string =>
  /\blisten E[A-Z]+: ([a-z ,']*[a-z])/.exec(reasonOf(cause))?.[1] ?? reasonOf(cause);

/** The connections that this process accepts, of which grpc-js shows none. */
export class AcceptedSockets {
  readonly #sockets = new Set<Socket>();
  readonly #accept = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  };

  constructor() {
    subscribe('net.server.socket', this.#accept);
  }

  /** Cuts those of a port: a half-open one would wait for ever for what it has written. */
  cut(port: number): void {
    unsubscribe('net.server.socket', this.#accept);
    for (const socket of this.#sockets) if (socket.localPort === port) socket.destroy();
  }
}

/** Ends a server: calls under way get a moment to end, and connections are closed. */
export function shutDown(server: Server, cutAll: () => void = () => undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      cutAll();
    }, GRACE_MS);
    server.tryShutdown((error) => {
      clearTimeout(timer);
      // What could not end of itself is ended.
      if (error) server.forceShutdown();
      cutAll();
      resolve();
    });
  });
}
