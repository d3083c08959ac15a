import { neededRole } from '#coordinator/api/grpc/access.js';
import { makeCertificates } from '#services/security/certificates.js';
import { credentials, status as Status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { type PlainClient, refusalOf, service } from './client.js';
import { check } from './health.js';
import { serving, specText } from './support.js';

const methods = Object.keys(neededRole) as (keyof typeof neededRole)[];
const codeOf = async (client: PlainClient, method: string): Promise<unknown> => {
  const { requestStream, responseStream } = service[method]!;
  const answer = requestStream
    ? client.upload([])
    : responseStream
      ? client.all(method, {})
      : client.call(method, {});
  return answer.then(
    () => 'answered',
    (error: unknown) => refusalOf(Promise.reject(error as Error)).then(({ code }) => code),
  );
};

it('the table of roles has every method of the service, and no other', () => {
  expect(methods.toSorted()).toEqual(Object.keys(service).toSorted());
});

describe.each(methods)('%s', (method) => {
  const needed = neededRole[method];

  it('needs a token that is known', async () => {
    const { clientWith } = await serving();
    const tokens = { null: null, 'Basic writer': 'Basic writer', writerx: 'writerx', 'Bearer ': 'Bearer ' };
    const expected = ['TOKEN_MISSING', 'TOKEN_MISSING', 'TOKEN_INVALID', 'TOKEN_MISSING'];
    const codes = [];
    for (const token of Object.values(tokens)) codes.push(await codeOf(clientWith({ token }), method));
    expect(codes).toEqual(expected);
  });

  it(`needs one that allows to ${needed}`, async () => {
    const { clientWith } = await serving();
    const read = await codeOf(clientWith({ token: 'reader' }), method);
    if (needed === 'read') expect(read).not.toMatch(/^TOKEN/);
    else expect(read).toBe('TOKEN_INSUFFICIENT');
    for (const token of ['writer', 'master', 'bearer  writer']) {
      expect(await codeOf(clientWith({ token }), method)).not.toMatch(/^TOKEN/);
    }
  });
});

it('tells of each call once it has ended, with its status and whose token it was', async () => {
  const { answered, clientWith } = await serving();
  const writer = clientWith({ token: 'writer' });
  await writer.call('ListJobs', {});
  await refusalOf(clientWith({ token: 'guessed' }).call('ListJobs', {}));
  await refusalOf(writer.call('GetJob', { id: 'none' }));
  expect(answered.map(({ path, status, tokenName }) => [path, status, tokenName])).toEqual([
    ['/locoprop.v1.Coordinator/ListJobs', 'OK', 'writer'],
    ['/locoprop.v1.Coordinator/ListJobs', 'UNAUTHENTICATED', null],
    ['/locoprop.v1.Coordinator/GetJob', 'NOT_FOUND', 'writer'],
  ]);
  for (const { seconds, peer } of answered) {
    expect(seconds).toBeGreaterThan(0);
    expect(peer).toMatch(/^127\.0\.0\.1:\d+$/);
  }
});

it('says with a status what is wrong with a token', async () => {
  const { clientWith } = await serving();
  const refusal = (token: string | null) => refusalOf(clientWith({ token }).call('CancelJob', { id: 'x' }));
  expect(await refusal(null)).toMatchObject({ status: Status.UNAUTHENTICATED, retryable: 'false' });
  expect(await refusal('guessed')).toMatchObject({ status: Status.UNAUTHENTICATED });
  expect(await refusal('reader')).toMatchObject({
    status: Status.PERMISSION_DENIED,
    text: 'TOKEN_INSUFFICIENT: The token allows to read; this request needs one that allows to write.',
  });
});

it('a client without a token is refused before its message is read', async () => {
  const { clientWith } = await serving();
  const huge = { spec: 'x'.repeat(2 ** 23) };
  const refusal = await refusalOf(clientWith({ token: null }).call('Submit', huge));
  expect(refusal).toMatchObject({ status: Status.UNAUTHENTICATED, code: 'TOKEN_MISSING' });
});

describe('with a certificate', () => {
  it('clients know the server by it, and need none of their own', async () => {
    const { authority, coordinator } = await makeCertificates();
    const [key, certificate] = [Buffer.from(coordinator.key), Buffer.from(coordinator.certificate)];
    const { api, clientWith } = await serving({ tls: { certificate, key } });
    const channel = credentials.createSsl(Buffer.from(authority.certificate));
    const client = clientWith({ channel });
    expect(await client.call('Submit', { spec: specText() })).toMatchObject({ created: true });
    expect(await check(api.address, 'locoprop.v1.Coordinator', channel)).toBe('SERVING');
    expect(await refusalOf(clientWith({ channel, token: null }).call('ListJobs'))).toMatchObject({
      code: 'TOKEN_MISSING',
    });

    const foreign = await makeCertificates();
    const mistaken = credentials.createSsl(Buffer.from(foreign.authority.certificate));
    for (const other of [mistaken, credentials.createInsecure()]) {
      const refusal = await refusalOf(clientWith({ channel: other }).call('ListJobs'));
      expect(refusal).toMatchObject({ status: Status.UNAVAILABLE, code: undefined });
    }
  });
});
