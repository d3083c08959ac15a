import { requireSecure } from '#services/security/exposure.js';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './support.js';

const tls = { authority: Buffer.of(), certificate: Buffer.of(), key: Buffer.of() };

describe('without certificates and token', () => {
  const plain = { tls: null, token: null };

  it.each([
    '127.0.0.1:1',
    '127.255.3.4:1',
    '[::1]:1',
    '[0:0:0:0:0:0:0:1]:1',
    'LocalHost:1',
    '[::ffff:127.0.0.1]:1',
  ])('%s is reached from its own machine only', (address) =>
    expect(() => requireSecure(address, plain, false)).not.toThrow(),
  );

  it.each([
    '0.0.0.0:1',
    '128.0.0.1:1',
    '10.0.0.5:1',
    '[::]:1',
    '[::2]:1',
    'localhost.example.org:1',
    '[::ffff:10.0.0.5]:1',
  ])('%s is refused, unless that was waived', async (address) => {
    expect(await refusalOf(() => requireSecure(address, plain, false))).toEqual({
      code: 'CLUSTER_INSECURE',
      address,
      missing: 'there are neither certificates nor a join token',
    });
    expect(() => requireSecure(address, plain, true)).not.toThrow();
    expect(() => requireSecure(address, { tls, token: 'token' }, false)).not.toThrow();
  });

  it.each([
    [{ tls, token: null }, 'there is no join token'],
    [{ tls: null, token: 'token' }, 'there are no certificates'],
  ])('half of it is named: %#', async (security, missing) => {
    expect(await refusalOf(() => requireSecure('0.0.0.0:1', security, false))).toMatchObject({ missing });
  });

  it('what is no address is refused, waived or not', async () => {
    expect(await refusalOf(() => requireSecure('trainer', plain, true))).toMatchObject({
      code: 'CLUSTER_ADDRESS_INVALID',
    });
  });
});
