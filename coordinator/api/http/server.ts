import type { FastifyInstance } from 'fastify';
import { LocopropError } from '../../../core/errors/error.js';
import { formatAddress, isLoopback, parseAddress } from '../../../services/network/address.js';
import { reasonOf } from '../../../services/store/failure.js';
import { newApp } from './app.js';
import { install } from './install.js';
import { defaultHttpLimits, type HttpApi, type HttpApiOptions } from './options.js';
import { readPage } from './page-files.js';
import { Streams } from './streams.js';
import { routesTable } from './table.js';

/**
 * Serves the HTTP interface of a coordinator.
 *
 * @throws LocopropError CLUSTER_ADDRESS_INVALID, CLUSTER_LISTEN_FAILED
 */
export async function openHttpApi(options: HttpApiOptions): Promise<HttpApi> {
  const { tls, tokens, version, openMetrics = false } = options;
  const limits = { ...defaultHttpLimits, ...options.limits };
  const { host, port } = parseAddress(options.address);
  const streams = new Streams(limits.streams);
  const app = newApp(options, limits);
  const routes = routesTable({ version, openMetrics, open: tokens === null });
  const page = await readPage(options.pageFolder);
  await install(app, { options, limits, streams, routes, page, onLoopback: isLoopback(host) });
  await listen(app, host, port, options.address);
  const bound = app.server.address();
  const address = formatAddress(host, typeof bound === 'object' && bound ? bound.port : port);
  return {
    address,
    url: `${tls ? 'https' : 'http'}://${address}`,
    close: () => close(app, streams, limits.closeSeconds),
  };
}

async function listen(app: FastifyInstance, host: string, port: number, address: string): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    throw new LocopropError('CLUSTER_LISTEN_FAILED', { address, reason: reasonOf(cause) }, { cause });
  }
}

/** How often connections whose last request was answered are closed, while others are still in hand. */
const SWEEP_MS = 50;

async function close(app: FastifyInstance, streams: Streams, seconds: number): Promise<void> {
  streams.close();
  const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
  const limit = setTimeout(() => app.server.closeAllConnections(), seconds * 1000);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(limit);
  }
}
