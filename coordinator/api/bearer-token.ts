import { LocopropError } from '../../core/errors/error.js';
import type { TokenRole } from '../../services/security/token-file.js';
import { allows, type TokenHolder, type Tokens } from '../../services/security/tokens.js';

/**
 * The token that a client shows.
 * @param authorization the header of HTTP, or the metadata of gRPC, of that name
 * @returns null where there is none; other schemes than bearer are no token
 */
export const bearerToken = (authorization: string | undefined): string | null =>
  /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1] ?? null;

/** Who sends a request: the holder of its token, or why there is none. */
export type Sender = { readonly holder: TokenHolder } | { readonly refusal: LocopropError };

/** @param token null where the request has none */
export function senderOf(token: string | null, tokens: Tokens): Sender {
  if (token === null) return { refusal: new LocopropError('TOKEN_MISSING') };
  const holder = tokens.find(token);
  return holder ? { holder } : { refusal: new LocopropError('TOKEN_INVALID') };
}

/** @throws LocopropError TOKEN_MISSING, TOKEN_INVALID */
export function holderOf(sender: Sender): TokenHolder {
  if ('refusal' in sender) throw sender.refusal;
  return sender.holder;
}

/** @throws LocopropError TOKEN_INSUFFICIENT */
export function requireRole(role: TokenRole, needed: TokenRole): void {
  if (!allows(role, needed)) throw new LocopropError('TOKEN_INSUFFICIENT', { role, needed });
}
