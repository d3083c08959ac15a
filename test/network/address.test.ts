import { parseAddress } from '#services/network/address.js';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../security/support.js';

describe('an address', () => {
  it.each([
    ['127.0.0.1:7000', '127.0.0.1', 7000],
    ['0.0.0.0:0', '0.0.0.0', 0],
    ['localhost:65535', 'localhost', 65535],
    ['trainer-1.example.org:7000', 'trainer-1.example.org', 7000],
    ['coordinator_1:7000', 'coordinator_1', 7000],
    ['[::1]:7000', '::1', 7000],
    ['[fe80::1%eth0]:7000', 'fe80::1%eth0', 7000],
  ])('%s is read', (address, host, port) => {
    expect(parseAddress(address)).toEqual({ host, port });
  });

  it.each([
    ['', /no port/],
    ['localhost', /no port/],
    ['::1', /brackets/],
    ['::1:7000', /brackets/],
    ['[::1]', /no port/],
    ['[::1:7000', /no port/],
    ['[localhost]:7000', /no IPv6/],
    ['localhost:', /number/],
    ['localhost:65536', /number/],
    ['localhost:-1', /number/],
    ['localhost:1e3', /number/],
    ['localhost:0x10', /number/],
    [':7000', /neither a name/],
    ['*:7000', /neither a name/],
    ['256.0.0.1:7000', /neither a name/],
    ['127.1:7000', /neither a name/],
    ['a..b:7000', /neither a name/],
    ['local host:7000', /neither a name/],
    ['http://localhost:7000', /no port|neither a name/],
    ['a b:1', /neither a name/],
    [`${'a'.repeat(64)}:7000`, /neither a name/],
  ])('"%s" is refused', async (address, reason) => {
    expect(await refusalOf(() => parseAddress(address))).toEqual({
      code: 'CLUSTER_ADDRESS_INVALID',
      address,
      reason: expect.stringMatching(reason) as string,
    });
  });

  it('that is dialled has a port above 0', async () => {
    expect(await refusalOf(() => parseAddress('localhost:0', 1))).toMatchObject({ reason: /from 1/ });
  });
});
