import type { IncomingMessage } from 'node:http';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LocopropError } from '../../../core/errors/error.js';
import { bearerToken, senderOf, type Sender } from '../bearer-token.js';
import { prepare, refuse, sendAnswer, type AnswerContext } from './answer.js';
import { requireSender } from './authorize.js';
import { incomingBody } from './incoming-body.js';
import type { HttpApiOptions, HttpFacilities, HttpLimits } from './options.js';
import { servePage } from './page.js';
import type { PageFile } from './page-files.js';
import type { Route } from './route.js';
import { refuseOtherSites } from './same-site.js';
import { guardStall, type Streams } from './streams.js';

export interface Installation {
  readonly options: HttpApiOptions;
  readonly limits: HttpLimits;
  readonly streams: Streams;
  readonly routes: readonly Route[];
  /** The dashboard; null where it was not built. */
  readonly page: readonly PageFile[] | null;
  /** Whether only this machine can reach the server. */
  readonly onLoopback: boolean;
}

/** Puts the routes into a server, with all that comes before and after them. */
export async function install(app: FastifyInstance, installation: Installation): Promise<void> {
  const { options, limits, streams, routes, page, onLoopback } = installation;
  const { tokens, log, service } = options;
  const facilities: HttpFacilities = {
    version: options.version,
    limits,
    logLine: options.logLine,
    metricsText: options.metricsText ?? null,
    setLogLevel: options.setLogLevel,
  };
  const senders = new WeakMap<IncomingMessage, Sender>();
  const holderOf = ({ raw }: FastifyRequest) => {
    const sender = senders.get(raw);
    return sender && 'holder' in sender ? sender.holder : null;
  };
  const paths = new Map(routes.map((route) => [urlOf(route), route.path]));
  const contextOf = ({ routeOptions: { url } }: FastifyRequest): AnswerContext => ({
    limits,
    log,
    route: paths.get(url ?? '') ?? null,
  });

  app.addHook('onRequest', async (request, reply) => {
    prepare(request, reply);
    guardStall(reply.raw, limits.stallSeconds * 1000);
    if (tokens === null) refuseOtherSites(request.headers, onLoopback);
    else senders.set(request.raw, senderOf(bearerToken(request.headers.authorization), tokens));
  });
  app.addHook('onResponse', async (request, reply) => {
    log.request({
      requestId: request.id,
      method: request.method,
      route: contextOf(request).route,
      status: reply.statusCode,
      milliseconds: reply.elapsedTime,
      token: holderOf(request)?.name ?? null,
      address: request.ip,
    });
  });
  app.setErrorHandler((error, request, reply) => refuse(error, request, reply, contextOf(request)));
  const limited = await limitRate(app, limits, (request) => holderOf(request)?.id ?? request.ip);
  app.setNotFoundHandler(limited ? { preHandler: app.rateLimit() } : {}, (request, reply) =>
    refuse(unknownRoute(request), request, reply, contextOf(request)),
  );

  servePage(app, page);
  for (const route of routes) {
    app.route({
      method: route.method,
      url: urlOf(route),
      exposeHeadRoute: route.method === 'GET' && !route.streams && route.rest === undefined,
      // Probes come often, and from one address for many.
      ...(limited && route.role === null && { config: { rateLimit: false } }),
      handler: async (request: FastifyRequest, reply: FastifyReply) => {
        // After the rate was counted, so that guessing tokens is limited too; nothing of a body was read yet.
        if (tokens !== null && route.role !== null) requireSender(senders.get(request.raw)!, route.role);
        const answer = await route.answer({
          params: paramsOf(route, request.params as Readonly<Record<string, string>>),
          query: request.query,
          headers: request.headers,
          body: incomingBody(request.raw, limits),
          service,
          facilities,
          openStream: () => streams.open(reply.raw),
        });
        sendAnswer(answer, request, reply, contextOf(request));
        return reply;
      },
    });
  }
}

/** @returns whether there is a limit */
async function limitRate(
  app: FastifyInstance,
  { rate }: HttpLimits,
  keyGenerator: (request: FastifyRequest) => string,
): Promise<boolean> {
  if (rate === null) return false;
  const { requests, seconds } = rate;
  await app.register(rateLimit, {
    max: requests,
    timeWindow: seconds * 1000,
    keyGenerator,
    errorResponseBuilder: () => new LocopropError('RATE_LIMITED', { limit: requests, seconds }),
  });
  return true;
}

/** A path as the router has it. */
const urlOf = ({ path, rest }: Route): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => (name === rest ? '*' : `:${name}`));

const paramsOf = ({ rest }: Route, { '*': left, ...params }: Readonly<Record<string, string>>): unknown =>
  rest === undefined ? params : { ...params, [rest]: left };

const unknownRoute = ({ method, url }: FastifyRequest): LocopropError =>
  new LocopropError('ROUTE_UNKNOWN', { method, path: url.replace(/\?.*$/s, '') });
