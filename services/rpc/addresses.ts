import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { LocopropError } from '../../core/errors/error.js';
import { plainLine, reasonOf } from './text.js';

/** One place where a coordinator may be. */
export interface Candidate {
  /** HOST:PORT of one machine: its number where the name has several. */
  readonly address: string;
  /** Whose certificate is expected there: the host as the user named it. */
  readonly serverName: string;
}

/** HOST:PORT, with brackets around IPv6. */
export const formatAddress = (host: string, port: number): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;

/**
 * Parts HOST:PORT, where an IPv6 address stands in brackets.
 *
 * @param lowestPort 0 where any free port will do, else 1
 * @throws CLUSTER_ADDRESS_INVALID
 */
export function parseAddress(address: string, lowestPort: 0 | 1 = 1): { host: string; port: number } {
  const fail = (reason: string): never => {
    throw new LocopropError('CLUSTER_ADDRESS_INVALID', { address: plainLine(address), reason });
  };
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(address);
  if (!parts) return fail('it is not HOST:PORT');
  const [, bracketed, plain, digits] = parts;
  if (bracketed !== undefined && !isIPv6(bracketed)) return fail('what is in brackets is no IPv6 address');
  const host = bracketed ?? plain ?? '';
  if (!/^[\w.:%-]+$/.test(host) || host.length > 255) return fail('its host is no name or number');
  const port = Number(digits);
  if (port < lowestPort || port > 65_535) return fail(`its port is not from ${lowestPort} to 65535`);
  return { host, port };
}

/**
 * All places that addresses stand for, in their order; a name of several machines gives each of them.
 *
 * @throws CLUSTER_ADDRESS_INVALID; CLUSTER_UNREACHABLE when no name can be resolved
 */
export async function resolveAddresses(addresses: readonly string[]): Promise<Candidate[]> {
  const parsed = addresses.map((address) => parseAddress(address));
  const resolved = await Promise.allSettled(
    parsed.map(({ host }) => lookup(host, { all: true, order: 'verbatim' })),
  );
  const candidates = new Map<string, Candidate>();
  const failures: unknown[] = [];
  for (const [index, { host, port }] of parsed.entries()) {
    const result = resolved[index]!;
    if (result.status === 'rejected') failures.push(result.reason);
    const found = result.status === 'fulfilled' ? result.value : [];
    for (const { address } of found) {
      const candidate = { address: formatAddress(address, port), serverName: host };
      if (!candidates.has(candidate.address)) candidates.set(candidate.address, candidate);
    }
  }
  if (candidates.size === 0) {
    const reason = failures.length > 0 ? failures.map(reasonOf).join('; ') : 'no address is given';
    throw new LocopropError('CLUSTER_UNREACHABLE', { addresses: addresses.join(', '), reason });
  }
  return [...candidates.values()];
}
