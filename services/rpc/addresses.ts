import { lookup } from 'node:dns/promises';
import { LocopropError } from '../../core/errors/error.js';
import { formatAddress, parseAddress } from '../network/address.js';
import { reasonOf } from './text.js';

/** One place where a coordinator may be. */
export interface Candidate {
  /** HOST:PORT of one machine: its number where the name has several. */
  readonly address: string;
  /** Whose certificate is expected there: the host as the user named it. */
  readonly serverName: string;
}

/**
 * All places that addresses stand for, in their order; a name of several machines gives each of them.
 *
 * @throws CLUSTER_ADDRESS_INVALID; CLUSTER_UNREACHABLE when no name can be resolved
 */
export async function resolveAddresses(addresses: readonly string[]): Promise<Candidate[]> {
  const parsed = addresses.map((address) => parseAddress(address, 1));
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
