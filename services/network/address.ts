import { BlockList, isIP, isIPv6 } from 'node:net';
import { LocopropError } from '../../core/errors/error.js';
import { isHost } from './host-name.js';

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

/** `HOST:PORT`, with brackets around an IPv6 address. */
export const formatAddress = (host: string, port: number): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;

/**
 * Parts `HOST:PORT` or `[v6]:PORT`.
 *
 * @param lowestPort 0 where any free one will do, 1 where somebody listens already
 * @throws CLUSTER_ADDRESS_INVALID
 */
export function parseAddress(address: string, lowestPort: 0 | 1 = 0): Address {
  const invalid = (reason: string): LocopropError =>
    new LocopropError('CLUSTER_ADDRESS_INVALID', { address, reason });
  if (isIPv6(address)) throw invalid('an IPv6 address stands in brackets, with a port behind it');
  const [, bracketed, plain, digits] = /^(?:\[(.*)\]|([^[\]]*)):([^:]*)$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || digits === undefined) throw invalid('it has no port');
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : NaN;
  if (!(port >= lowestPort && port <= MAX_PORT)) {
    throw invalid(`the port is a number from ${lowestPort} to ${MAX_PORT}`);
  }
  if (bracketed !== undefined && !isIPv6(bracketed))
    throw invalid('what stands in brackets is no IPv6 address');
  if (isIPv6(plain ?? '')) throw invalid('an IPv6 address stands in brackets');
  if (!isHost(host)) throw invalid('what stands before the port is neither a name nor an IP address');
  return { host, port };
}

/** Whether an address is reached from its own machine only. */
export function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return loopback.check(host, version === 6 ? 'ipv6' : 'ipv4');
}
