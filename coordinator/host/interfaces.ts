import { randomUUID } from 'node:crypto';
import { messageOf } from '../../core/errors/message.js';
import type { ServiceEvent } from '../../core/job/service-events.js';
import type { Settings } from '../../core/settings/table.js';
import type { ServerCertificate } from '../../services/rpc/credentials.js';
import { jobLogLine } from '../../services/telemetry/log-line.js';
import type { Log } from '../../services/telemetry/log.js';
import type { Metrics } from '../../services/telemetry/metrics/metrics.js';
import { methodOf } from '../api/grpc/definition.js';
import { openGrpcApi, type GrpcApi } from '../api/grpc/server.js';
import type { HttpApi } from '../api/http/options.js';
import { openHttpApi } from '../api/http/server.js';
import type { JobService } from '../service/job-service.js';
import type { Access } from './access.js';

export interface InterfacesOptions {
  readonly settings: Settings;
  readonly version: string;
  readonly service: JobService;
  readonly access: Access;
  readonly tls: ServerCertificate | null;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onServiceEvent: (event: ServiceEvent) => void;
}

/** The interfaces for clients: where they are, and what ends them. */
export interface Interfaces {
  /** Of HTTP, with its scheme. */
  readonly url: string;
  readonly grpc: string | null;
  close(): Promise<void>;
}

/** @throws LocopropError CLUSTER_LISTEN_FAILED, CLUSTER_ADDRESS_INVALID */
export async function openInterfaces(options: InterfacesOptions): Promise<Interfaces> {
  const http = await openHttp(options);
  try {
    const grpc = await openGrpc(options);
    return {
      url: http.url,
      grpc: grpc?.address ?? null,
      close: async () => {
        await Promise.all([http.close(), grpc?.close()]);
      },
    };
  } catch (error) {
    await http.close();
    throw error;
  }
}

const openHttp = ({
  settings,
  version,
  service,
  access,
  tls,
  log,
  metrics,
  onServiceEvent,
}: InterfacesOptions): Promise<HttpApi> =>
  openHttpApi({
    service,
    address: settings.http,
    tls,
    tokens: access.tokens,
    limits: {
      uploadBytes: settings.maxUpload,
      rate: settings.rateLimit === null ? null : { requests: settings.rateLimit, seconds: 60 },
    },
    log: {
      request: ({
        requestId: request,
        method,
        route,
        status,
        milliseconds,
        token: tokenName,
        address: peer,
      }) =>
        onServiceEvent({
          type: 'request',
          request,
          transport: 'http',
          method,
          route,
          status,
          seconds: milliseconds / 1000,
          peer,
          tokenName,
        }),
      failure: ({ requestId: request, route, error }) =>
        onServiceEvent({ type: 'request.failed', request, method: 'HTTP', route, ...reasonOf(error) }),
    },
    logLine: jobLogLine,
    setLogLevel: (level) => {
      onServiceEvent({ type: 'log.level', from: log.level, to: level });
      log.setLevel(level);
    },
    metricsText: () => metrics.text(),
    openMetrics: settings.metricsOpen,
    version,
  });

async function openGrpc({
  settings,
  service,
  access,
  tls,
  onServiceEvent,
}: InterfacesOptions): Promise<GrpcApi | null> {
  if (settings.grpc === null) return null;
  return openGrpcApi({
    service,
    address: settings.grpc,
    tls,
    authorize: access.authorize,
    logLine: (item, context) =>
      item.kind === 'event' || item.kind === 'job-event' ? jobLogLine(item, context) : null,
    onAnswered: ({ path, status, seconds, peer, tokenName }) => {
      const route = methodOf(path);
      onServiceEvent({
        type: 'request',
        request: randomUUID(),
        transport: 'grpc',
        method: route ?? path,
        route,
        status,
        seconds,
        peer,
        tokenName,
      });
    },
    log: {
      // That a request was refused is what its client was told.
      debug: () => undefined,
      error: ({ request = '', path: method = '', err }) =>
        onServiceEvent({ type: 'request.failed', request, method, route: null, ...reasonOf(err) }),
    },
  });
}

const reasonOf = (error: unknown): { readonly reason: string; readonly stack: string | null } => ({
  reason: messageOf(error),
  stack: error instanceof Error ? (error.stack ?? null) : null,
});
