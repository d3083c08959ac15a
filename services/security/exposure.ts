import { BlockList, isIP, isIPv6 } from 'node:net';
import { LocopropError } from '../../core/errors/error.js';
import { isHost } from './host-name.js';
import type { TransportSecurity } from './transport-security.js';

export interface Address {
  /** A name or an IP address; one of IPv6 without its brackets. */
  readonly host: string;
  /** 0 where any free one will do. */
  readonly port: number;
}

const MAX_PORT = 65535;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/**
 * `HOST:PORT` or `[v6]:PORT`.
 *
 * @throws CLUSTER_ADDRESS_INVALID
 */
export function parseAddress(address: string): Address {
  const invalid = (reason: string): LocopropError =>
    new LocopropError('CLUSTER_ADDRESS_INVALID', { address, reason });
  if (isIPv6(address)) throw invalid('an IPv6 address stands in brackets, with a port behind it');
  const [, bracketed, plain, digits] = /^(?:\[(.*)\]|([^[\]]*)):([^:]*)$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || digits === undefined) throw invalid('it has no port');
  if (!/^\d{1,5}$/.test(digits) || Number(digits) > MAX_PORT)
    throw invalid(`the port is a number from 0 to ${MAX_PORT}`);
  if (bracketed !== undefined && !isIPv6(bracketed))
    throw invalid('what stands in brackets is no IPv6 address');
  if (isIPv6(plain ?? '')) throw invalid('an IPv6 address stands in brackets');
  if (!isHost(host)) throw invalid('what stands before the port is neither a name nor an IP address');
  return { host, port: Number(digits) };
}

/** Whether an address is reached from its own machine only. */
function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return loopback.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

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
