import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { challengeOf } from './authorize.js';
import type { HttpLimits, HttpLog } from './options.js';
import { knownError, PROBLEM_TYPE, problemOf } from './problem.js';
import { linger, securityHeaders, translated } from './refusal.js';
import type { Answer } from './route.js';
import { isOwnFault, statusOf } from './status.js';

export interface AnswerContext {
  readonly limits: HttpLimits;
  readonly log: HttpLog;
  /** As the table has it; null where there is no such route. */
  readonly route: string | null;
}

/** On every answer, whatever comes of the request. */
export function prepare(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ ...securityHeaders, 'x-request-id': request.id });
}

export function sendAnswer(
  answer: Answer,
  request: FastifyRequest,
  reply: FastifyReply,
  context: AnswerContext,
): void {
  switch (answer.kind) {
    case 'json':
      reply
        .code(answer.status)
        .headers(answer.headers ?? {})
        .type('application/json');
      reply.send(JSON.stringify(answer.value));
      break;
    case 'text':
      reply.type(answer.type).send(answer.text);
      break;
    case 'empty':
      reply.code(answer.status).send();
      break;
    case 'stream':
      sendStream(answer, request, reply, context);
  }
  linger(request.raw, context.limits.lingerSeconds);
}

function sendStream(
  { status, headers, content }: Extract<Answer, { kind: 'stream' }>,
  request: FastifyRequest,
  reply: FastifyReply,
  { log, route }: AnswerContext,
): void {
  // One item ahead: what the client does not take stays where it comes from.
  const stream = content instanceof Readable ? content : Readable.from(content, { highWaterMark: 1 });
  stream.once('error', (error) => {
    // Before the head has gone the failure becomes the answer; and a client that leaves is none.
    if (reply.raw.headersSent && !reply.raw.destroyed) log.failure({ requestId: request.id, route, error });
  });
  reply.code(status).headers(headers);
  const goesOn = !('content-length' in headers);
  // Its end is then seen at once, also by a server that waits for its connections.
  if (goesOn) reply.header('connection', 'close');
  reply.send(stream);
  // A client wants to know that it is connected before the first thing happens.
  if (goesOn) reply.raw.flushHeaders();
}

/** Answers with a problem; what the coordinator is to blame for goes into its log besides. */
export function refuse(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  context: AnswerContext,
): void {
  const known = knownError(translated(error), request.id);
  const status = statusOf(known.code);
  if (isOwnFault(status)) context.log.failure({ requestId: request.id, route: context.route, error });
  prepare(request, reply);
  const challenge = challengeOf(known);
  if (challenge !== null) reply.header('www-authenticate', challenge);
  // Fastify would close a connection on which a body is left.
  reply.removeHeader('connection').code(status).type(PROBLEM_TYPE);
  reply.send(JSON.stringify(problemOf(known, request.id)));
  linger(request.raw, context.limits.lingerSeconds);
}
