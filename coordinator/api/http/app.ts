import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { refuse } from './answer.js';
import type { HttpApiOptions, HttpLimits, HttpLog } from './options.js';
import { refuseSocket } from './refusal.js';

/** As long as load balancers keep a connection, and longer. */
const KEEP_ALIVE_MS = 75_000;
/** How often connections are looked at for requests whose head is too slow. */
const CHECKING_MS = 500;

/** A server without routes, which bounds what a connection may cost. */
export function newApp(
  { tls, log }: Pick<HttpApiOptions, 'tls' | 'log'>,
  limits: HttpLimits,
): FastifyInstance {
  const connections = {
    headersTimeout: limits.headSeconds * 1000,
    connectionsCheckingInterval: Math.min(CHECKING_MS, limits.headSeconds * 500),
  };
  /** The newest answer of each connection, for an error must not be written into the middle of one. */
  const answers = new WeakMap<Socket, ServerResponse>();
  const options = {
    logger: false as const,
    genReqId: () => randomUUID(),
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Bodies are timed as they are read: an upload may take hours, as long as it comes.
    requestTimeout: 0,
    return503OnClosing: false,
    exposeHeadRoutes: false,
    frameworkErrors: frameworkErrors(limits, log),
    clientErrorHandler: (error: Error, socket: Socket) =>
      refuseSocket(error, socket, limits, answers.get(socket)),
  };
  const app = tls
    ? fastify({
        ...options,
        https: { ...connections, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' },
      })
    : fastify({ ...options, http: connections });
  app.server.on('request', ({ socket }, response) => answers.set(socket, response));
  app.server.maxConnections = limits.connections;
  // Bodies are left to the routes, which know how large they may be and what they are.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request: unknown, _payload: unknown, done: (error: null) => void) =>
    done(null),
  );
  return app;
}

/** Of paths that the router cannot read: no hook sees these requests. */
const frameworkErrors =
  (limits: HttpLimits, log: HttpLog) =>
  (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    refuse(error, request, reply, { limits, log, route: null });
    log.request({
      requestId: request.id,
      method: request.method,
      route: null,
      status: reply.statusCode,
      milliseconds: reply.elapsedTime,
      token: null,
      address: request.ip,
    });
  };
