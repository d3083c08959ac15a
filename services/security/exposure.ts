import { LocopropError } from '../../core/errors/error.js';
import { isLoopback, parseAddress } from '../network/address.js';
import type { TransportSecurity } from './transport-security.js';

/**
 * Makes sure that what other machines can reach has certificates and a token, unless that was waived.
 *
 * @throws CLUSTER_ADDRESS_INVALID, CLUSTER_INSECURE
 */
export function requireSecure(address: string, security: TransportSecurity, insecure: boolean): void {
  const { host } = parseAddress(address);
  if (insecure || isLoopback(host)) return;
  const missing = missingOf(security);
  if (missing !== null) throw new LocopropError('CLUSTER_INSECURE', { address, missing });
}

function missingOf({ tls, token }: TransportSecurity): string | null {
  if (tls && token !== null) return null;
  if (tls) return 'there is no join token';
  return token === null ? 'there are neither certificates nor a join token' : 'there are no certificates';
}
