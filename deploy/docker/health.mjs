// Ends with 0 where a service is healthy: `http://HOST:PORT/PATH` answers 2xx, or the server at
// `grpc://HOST:PORT` says SERVING to grpc.health.v1. Else it says why on standard error.
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';

const TIMEOUT_MS = 4000;

/** Resolves to what is wrong, or to null. */
async function httpProblem(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return response.ok ? null : `${response.status} ${(await response.text()).trim()}`;
}

function grpcProblem({ host }) {
  const Health = makeGenericClientConstructor(service, 'Health');
  const client = new Health(host, credentials.createInsecure());
  return new Promise((resolve, reject) => {
    client.check({ service: '' }, { deadline: Date.now() + TIMEOUT_MS }, (error, answer) => {
      client.close();
      if (error) reject(error);
      else resolve(answer.status === 'SERVING' ? null : answer.status);
    });
  });
}

const url = new URL(process.argv[2] ?? '');
try {
  const problem = await (url.protocol === 'grpc:' ? grpcProblem(url) : httpProblem(url));
  if (problem !== null) throw new Error(problem);
} catch (error) {
  console.error(`${url.href} is not healthy: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
