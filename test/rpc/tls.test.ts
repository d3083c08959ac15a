import type { CoordinatorMessage, WorkerMessage } from '#services/rpc/messages.js';
import { dial } from '#services/rpc/worker-client.js';
import { makeCertificates, type Certificates } from '#services/security/certificates.js';
import type { TransportSecurity } from '#services/security/transport-security.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { TOKEN, longAgo } from '../security/support.js';
import { failureOf, helloOf, Inbox, listening } from './support.js';

type Role = 'coordinator' | 'worker';

const securityOf = (
  certificates: Certificates,
  role: Role,
  token: string | null = TOKEN,
  authority: Certificates = certificates,
): TransportSecurity => ({
  tls: {
    authority: Buffer.from(authority.authority.certificate),
    certificate: Buffer.from(certificates[role].certificate),
    key: Buffer.from(certificates[role].key),
  },
  token,
});

describe('a coordinator with certificates and a token', () => {
  let own: Certificates;
  let foreign: Certificates;
  let expired: Certificates;
  beforeAll(async () => {
    own = await makeCertificates();
    foreign = await makeCertificates();
    expired = await makeCertificates({ from: longAgo(), days: 30 });
  });

  const refused: Record<string, { security: () => TransportSecurity; code: string; message?: unknown }> = {
    'no certificate': {
      security: () => ({ tls: null, token: TOKEN }),
      code: 'CLUSTER_UNREACHABLE',
      message: expect.stringMatching(
        /as a coordinator with certificates does to a worker without them \(--tls\)$/,
      ),
    },
    'a certificate of another authority': {
      security: () => securityOf(foreign, 'worker', TOKEN, own),
      code: 'CLUSTER_UNREACHABLE',
    },
    'an authority of its own that did not sign the coordinator': {
      security: () => securityOf(own, 'worker', TOKEN, foreign),
      code: 'CLUSTER_UNREACHABLE',
    },
    'another token': { security: () => securityOf(own, 'worker', 'guessed'), code: 'CLUSTER_TOKEN_REFUSED' },
    'no token': { security: () => securityOf(own, 'worker', null), code: 'CLUSTER_TOKEN_REFUSED' },
  };

  it('takes a worker that has both, which goes on undisturbed by others that have not', async () => {
    const joined = new Inbox<WorkerMessage>();
    const server = await listening({
      security: securityOf(own, 'coordinator'),
      onWorker: (_, attach) => void attach(joined),
    });
    const receiver = new Inbox<CoordinatorMessage>();
    const worker = await dial({ address: server.address, security: securityOf(own, 'worker'), receiver });
    await worker.send(helloOf('right'));
    for (const [name, { security, ...error }] of Object.entries(refused)) {
      const failure = await failureOf(
        dial({ address: server.address, security: security(), receiver: new Inbox<CoordinatorMessage>() }),
      );
      expect(failure, name).toMatchObject(error);
    }
    await worker.send({ message: 'leaving', leaving: { reason: 'done' } });
    await joined.count(1);
    expect(joined.messages).toEqual([{ message: 'leaving', leaving: { reason: 'done' } }]);
    worker.close();
    expect(await joined.ended).toBeNull();
  });

  it('is not reached with certificates that have expired', async () => {
    const server = await listening({ security: securityOf(expired, 'coordinator') });
    const security = securityOf(expired, 'worker');
    const dialled = dial({ address: server.address, security, receiver: new Inbox<CoordinatorMessage>() });
    expect(await failureOf(dialled)).toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
  });
});
