import { LocopropError } from '../../core/errors/error.js';
import type { TokenRole } from '../../services/security/token-file.js';
import { allows } from '../../services/security/tokens.js';

/**
 * The token that a client shows.
 * @param authorization the header of HTTP, or the metadata of gRPC, of that name
 * @returns null where there is none; other schemes than bearer are no token
 */
export const bearerToken = (authorization: string | undefined): string | null =>
  /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1] ?? null;

/** @throws LocopropError TOKEN_INSUFFICIENT */
export function requireRole(role: TokenRole, needed: TokenRole): void {
  if (!allows(role, needed)) throw new LocopropError('TOKEN_INSUFFICIENT', { role, needed });
}
