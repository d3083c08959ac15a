import { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { plainText, type TransportSecurity } from '../security/transport-security.js';
import { serverCredentials } from './credentials.js';
import { bind, shutDown } from './server-lifecycle.js';
import { serverOptions } from './transport-options.js';

/** The health service of grpc.health.v1 for the whole process (the empty name) and for some services. */
export class Health {
  readonly #implementation: HealthImplementation;
  readonly #services: readonly string[];

  constructor(services: readonly string[], serving: boolean) {
    this.#services = ['', ...services];
    this.#implementation = new HealthImplementation();
    this.setServing(serving);
  }

  setServing(serving: boolean): void {
    const status = serving ? 'SERVING' : 'NOT_SERVING';
    for (const service of this.#services) this.#implementation.setStatus(service, status);
  }

  addToServer(server: Server): void {
    this.#implementation.addToServer(server);
  }
}

export interface HealthServer {
  /** With the real port. */
  readonly address: string;
  setServing(serving: boolean): void;
  close(): Promise<void>;
}

/**
 * A server of nothing but a worker's health, which is not serving at first.
 *
 * @throws CLUSTER_LISTEN_FAILED
 */
export async function listenForHealth(options: {
  readonly address: string;
  readonly security?: TransportSecurity;
}): Promise<HealthServer> {
  const server = new Server(serverOptions);
  const health = new Health([], false);
  health.addToServer(server);
  const address = await bind(server, options.address, serverCredentials(options.security ?? plainText));
  return { address, setServing: (serving) => health.setServing(serving), close: () => shutDown(server) };
}
