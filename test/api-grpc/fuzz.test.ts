import { connect, type ClientHttp2Session } from 'node:http2';
import { expect, it, onTestFinished } from 'vitest';
import { newSeed, numbers } from '../store/support.js';
import { answersAnything, methods, seconds } from './fuzz-suite.js';
import { serving, stepEvents, submit } from './support.js';

answersAnything('the interface', async () => {
  const far = await serving();
  const id = await submit(far);
  far.service.tell(id, ...stepEvents(20));
  far.service.files.set('a', Buffer.alloc(10));
  const cursors = far.service.feeds.get(id)!.map(({ cursor }) => cursor);
  return { far, known: [id, 'a', ...cursors] };
});

it('any frames of HTTP/2 leave the server standing', { timeout: seconds * 3000 + 60_000 }, async () => {
  const random = numbers(newSeed());
  const pick = (bound: number): number => Math.floor(random() * bound);
  const oneOf = <Value>(values: readonly Value[]): Value => values[pick(values.length)]!;
  const far = await serving({ limits: { arrivalSeconds: 0.2 } });
  const garbage = (length: number): Buffer => Buffer.from(Array.from({ length }, () => pick(256)));
  const dial = (): ClientHttp2Session => {
    const session = connect(`http://${far.api.address}`).on('error', () => undefined);
    onTestFinished(() => session.destroy());
    return session;
  };
  let session = dial();
  const until = performance.now() + seconds * 1000;
  let answered = 0;
  while (performance.now() < until) {
    if (session.closed || session.destroyed) session = dial();
    const headers = {
      ':method': oneOf(['POST', 'POST', 'POST', 'GET']),
      ':path': oneOf([...methods.map((name) => `/locoprop.v1.Coordinator/${name}`), '/x', '/a/b', '/%00']),
      'content-type': oneOf(['application/grpc', 'application/grpc', 'application/grpc+proto', 'text/html']),
      te: 'trailers',
      authorization: oneOf(['Bearer writer', 'Bearer writer', 'Bearer', '', 'Bearer \x7f', 'x'.repeat(5000)]),
      'grpc-timeout': oneOf(['1S', '100m', '10S', 'never', '']),
      'grpc-encoding': oneOf(['identity', 'gzip', 'deflate', 'none']),
    };
    const call = session.request(headers, { endStream: false });
    const ended = new Promise((resolve) => call.on('error', () => undefined).on('close', resolve));
    call.on('response', () => (answered += 1)).resume();
    const head = Buffer.from([oneOf([0, 0, 1, 7]), 0, 0, oneOf([0, 0, 255]), oneOf([0, 4, 30])]);
    call.write(Buffer.concat([head, garbage(pick(40))]));
    if (pick(3) > 0) call.end();
    // Some calls are let go half-way, and some connections.
    const leave = pick(4) === 0 ? () => session.destroy() : () => call.close(8);
    const timer = setTimeout(leave, pick(100));
    await ended;
    clearTimeout(timer);
  }
  expect(answered).toBeGreaterThan(10);
  expect(far.log.filter(({ level }) => level === 'error')).toEqual([]);
  expect(await far.client.call('ListJobs')).toMatchObject({ jobs: [] });
});
