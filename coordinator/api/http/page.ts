import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { codings, type Coding, type PageFile } from './page-files.js';

/**
 * The page's own code, style and pictures only, and pictures of jobs, which it fetches with its token and shows
 * from memory. What a job or a worker is called can therefore not become code, whatever it holds.
 */
const POLICY = [
  "default-src 'self'",
  "img-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const NOT_BUILT =
  'The dashboard is not built here: `npm run build` builds it. The HTTP interface is described at /openapi.json.\n';

/** A year, which is as good as for ever. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/**
 * Serves the dashboard, to everybody: there is nothing in it but its code, and it asks for a token itself. It is
 * no part of the interface for programs, so the description of that does not have it.
 *
 * @param files null where it was not built
 */
export function servePage(app: FastifyInstance, files: readonly PageFile[] | null): void {
  if (files === null) {
    app.get('/', (_request, reply) => reply.code(404).type('text/plain; charset=utf-8').send(NOT_BUILT));
    return;
  }
  for (const file of files) {
    // Its parts come many at a time, and cost nothing.
    app.get(file.path, { exposeHeadRoute: true, config: { rateLimit: false } }, (request, reply) =>
      sendFile(file, request, reply),
    );
  }
}

function sendFile(file: PageFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const coding = codingOf(file, request.headers['accept-encoding'] ?? '');
  // Each form is a representation of its own.
  const etag = `"${file.etag}${coding === null ? '' : `-${coding}`}"`;
  reply.headers({
    'cache-control': file.hashed ? FOR_EVER : 'no-cache',
    'content-security-policy': POLICY,
    etag,
    vary: 'accept-encoding',
  });
  if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send();
  if (coding !== null) reply.header('content-encoding', coding);
  const bytes = coding === null ? file.bytes : file.compressed[coding]!;
  return reply.type(file.type).send(bytes);
}

/** The smallest form that the client takes; null for the file as it is. */
function codingOf({ compressed }: PageFile, accepted: string): Coding | null {
  const taken = accepted
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter((one) => !/;\s*q=0(\.0*)?$/.test(one))
    .map((one) => one.replace(/\s*;.*$/, ''));
  for (const coding of Object.keys(codings) as Coding[]) {
    if (compressed[coding] && taken.includes(coding)) return coding;
  }
  return null;
}

const matches = (header: string | undefined, etag: string): boolean =>
  header?.split(',').some((one) => one.trim().replace(/^W\//, '') === etag) ?? false;
