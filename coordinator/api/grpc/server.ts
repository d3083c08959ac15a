import { Server, type StatusObject } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { parseAddress } from '../../../services/network/address.js';
import { openServerCredentials, type ServerCertificate } from '../../../services/rpc/credentials.js';
import { Health } from '../../../services/rpc/health-server.js';
import { AcceptedSockets, bind, shutDown } from '../../../services/rpc/server-lifecycle.js';
import { serverOptions } from '../../../services/rpc/transport-options.js';
import type { JobService } from '../../service/job-service.js';
import type { Authorize } from './access.js';
import { packageDefinition, SERVICE, serviceDefinition } from './definition.js';
import { createHandlers } from './handlers.js';
import { alternating, type AnsweredCall, arrival } from './interceptors.js';
import { defaultLimits, type GrpcLimits, largestMessage } from './limits.js';
import { createMethods, type LogLine } from './methods.js';
import { OpenCalls } from './open-calls.js';
import { asLocoprop, statusOf } from './status.js';

/** Where the operator is told of calls; a logger of pino is one. */
export interface ApiLog {
  /** A call was refused, for a reason that its client was told. */
  debug(fields: object, text: string): void;
  /** A call failed for a reason that nobody knew of. */
  error(
    fields: {
      readonly request?: string | undefined;
      readonly path?: string | undefined;
      readonly err: unknown;
    },
    text: string,
  ): void;
}

export interface GrpcApiOptions {
  readonly service: JobService;
  /** HOST:PORT; port 0 for any that is free. */
  readonly address: string;
  /** Null for a plain connection. Clients show a token, and need no certificate. */
  readonly tls: ServerCertificate | null;
  readonly authorize: Authorize;
  readonly logLine: LogLine;
  readonly log: ApiLog;
  readonly onAnswered: (call: AnsweredCall) => void;
  /** What differs from `defaultLimits`. */
  readonly limits?: Partial<GrpcLimits> | undefined;
}

export interface GrpcApi {
  /** With the real port. */
  readonly address: string;
  /** Ends streams at once; other calls have a second to end. */
  close(): Promise<void>;
}

/**
 * Serves locoprop.v1.Coordinator, with health and reflection.
 *
 * @throws LocopropError CLUSTER_ADDRESS_INVALID, CLUSTER_LISTEN_FAILED
 */
export async function openGrpcApi(options: GrpcApiOptions): Promise<GrpcApi> {
  const { service, authorize, logLine, log, onAnswered } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const report = (cause: unknown, request?: string, path?: string): void =>
    log.error({ request, path, err: cause }, 'a request failed');
  const refuse = (path: string, cause: unknown): StatusObject => {
    const error = asLocoprop(cause, (request) => report(cause, request, path));
    if (error === cause)
      log.debug({ path, code: error.code, reason: error.message }, 'a request was refused');
    return statusOf(error);
  };
  const server = new Server({
    ...serverOptions,
    'grpc.max_receive_message_length': largestMessage(limits),
    // How much of an answer is too much is for its client to say.
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': limits.callsPerConnection,
    interceptors: [arrival({ authorize, seconds: limits.arrivalSeconds, refuse, onAnswered }), alternating],
  });
  const calls = new OpenCalls({ stream: limits.streams, upload: limits.uploads });
  const handlers = createHandlers({ calls, refuse, report });
  server.addService(serviceDefinition, createMethods({ service, logLine, limits }, handlers));
  const health = new Health([SERVICE], true);
  health.addToServer(server);
  new ReflectionService(packageDefinition).addToServer(server);
  const sockets = new AcceptedSockets();
  const address = await bind(server, options.address, openServerCredentials(options.tls));

  const close = (): Promise<void> => {
    health.setServing(false);
    calls.close();
    return shutDown(server, () => sockets.cut(parseAddress(address).port));
  };
  let closed: Promise<void> | null = null;
  return { address, close: () => (closed ??= close()) };
}
