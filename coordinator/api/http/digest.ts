import { invalidRequest } from './problem.js';

/**
 * The SHA-256 that a client announces, in hexadecimal; null where it announces none.
 *
 * @param reprDigest the header of RFC 9530: a dictionary of which other algorithms are passed over
 * @throws LocopropError REQUEST_INVALID
 */
export function announcedDigest(
  reprDigest: string | undefined,
  hexadecimal: string | undefined,
): string | null {
  const hex = hexadecimal?.toLowerCase();
  const member = reprDigest?.split(',').find((one) => one.trim().startsWith('sha-256='));
  if (member === undefined) return hex ?? null;
  const [, base64] = /^\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*$/.exec(member) ?? [];
  if (base64 === undefined)
    throw invalidRequest('header parameter repr-digest: its sha-256 is none of RFC 9530');
  const digest = Buffer.from(base64, 'base64').toString('hex');
  if (hex !== undefined && hex !== digest) {
    throw invalidRequest('the headers repr-digest and x-content-sha256 contradict each other');
  }
  return digest;
}
