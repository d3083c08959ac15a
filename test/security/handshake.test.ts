import { makeCertificates, type Certificates, type KeyPair } from '#services/security/certificates.js';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { beforeAll, expect, it } from 'vitest';
import { longAgo } from './support.js';

let ours: Certificates;
let theirs: Certificates;
let expired: Certificates;
beforeAll(async () => {
  ours = await makeCertificates({ hosts: ['trainer.example.org'] });
  theirs = await makeCertificates();
  expired = await makeCertificates({ from: longAgo(), days: 30 });
});

interface End {
  readonly authority: string;
  readonly pair: KeyPair | null;
}

const coordinatorOf = ({ authority, coordinator }: Certificates): End => ({
  authority: authority.certificate,
  pair: coordinator,
});
const workerOf = ({ authority, worker }: Certificates): End => ({
  authority: authority.certificate,
  pair: worker,
});

const optionsOf = ({ authority, pair }: End) => ({
  ca: authority,
  ...(pair ? { cert: pair.certificate, key: pair.key } : {}),
});

/** Lets two ends shake hands: 'hello' where each accepted the other, else the code of the first to refuse. */
async function shakeHands(server: End, client: End, servername = 'localhost'): Promise<string> {
  const listener = createServer(
    { ...optionsOf(server), requestCert: true, rejectUnauthorized: true },
    (socket) => socket.on('error', () => socket.destroy()).end('hello'),
  ).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const refused = new Promise<string>((resolve) =>
    listener.on('tlsClientError', (error: NodeJS.ErrnoException) => resolve(`server: ${error.code}`)),
  );
  const { port } = listener.address() as AddressInfo;
  const socket = connect({ ...optionsOf(client), host: '127.0.0.1', port, servername });
  const answered = new Promise<string>((resolve) => {
    socket.on('data', (data: Buffer) => resolve(data.toString()));
    // The server's refusal comes as an alert; its own event says why.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!/ALERT|ECONNRESET/.test(error.code ?? '')) resolve(`client: ${error.code}`);
    });
  });
  try {
    return await Promise.race([answered, refused]);
  } finally {
    socket.destroy();
    listener.close();
  }
}

it.each(['localhost', 'trainer.example.org'])(
  'a worker and its coordinator at %s trust each other',
  async (name) => {
    expect(await shakeHands(coordinatorOf(ours), workerOf(ours), name)).toBe('hello');
  },
);

it('a coordinator may dial to another, too', async () => {
  expect(await shakeHands(coordinatorOf(ours), coordinatorOf(ours))).toBe('hello');
});

it('a coordinator refuses who shows no certificate', async () => {
  const nobody = { ...workerOf(ours), pair: null };
  expect(await shakeHands(coordinatorOf(ours), nobody)).toBe(
    'server: ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE',
  );
});

it('a coordinator refuses a worker of another authority', async () => {
  const stranger = { authority: ours.authority.certificate, pair: theirs.worker };
  expect(await shakeHands(coordinatorOf(ours), stranger)).toMatch(/^server: /);
});

it('a coordinator refuses a certificate that has expired', async () => {
  const trusting = { authority: expired.authority.certificate, pair: ours.coordinator };
  const late = { authority: ours.authority.certificate, pair: expired.worker };
  expect(await shakeHands(trusting, late)).toMatch(/^server: /);
});

it.each([
  ['of another authority', () => coordinatorOf(theirs), () => workerOf(ours), /SIGNATURE|ISSUER|SELF_SIGNED/],
  ['that has expired', () => coordinatorOf(expired), () => workerOf(expired), /CERT_HAS_EXPIRED/],
  ["with a worker's certificate", () => workerOf(ours), () => workerOf(ours), /INVALID_PURPOSE/],
])('a worker refuses a coordinator %s', async (_, server, client, code) => {
  const reason = await shakeHands(server(), client());
  expect(reason).toMatch(/^client: /);
  expect(reason).toMatch(code);
});

it('a worker refuses a coordinator of another name', async () => {
  expect(await shakeHands(coordinatorOf(ours), workerOf(ours), 'other.example.org')).toBe(
    'client: ERR_TLS_CERT_ALTNAME_INVALID',
  );
});
