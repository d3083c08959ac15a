import { LocopropError } from '../../../core/errors/error.js';
import type { TokenRole } from '../../../services/security/token-file.js';
import type { TokenHolder, Tokens } from '../../../services/security/tokens.js';
import { bearerToken, requireRole } from '../bearer-token.js';

/** Who sends a request: the holder of its token, or why there is none. */
export type Sender = { readonly holder: TokenHolder } | { readonly refusal: LocopropError };

/** @param authorization the header */
export function senderOf(authorization: string | undefined, tokens: Tokens): Sender {
  const token = bearerToken(authorization);
  if (token === null) return { refusal: new LocopropError('TOKEN_MISSING') };
  const holder = tokens.find(token);
  return holder ? { holder } : { refusal: new LocopropError('TOKEN_INVALID') };
}

/** @throws LocopropError TOKEN_MISSING, TOKEN_INVALID, TOKEN_INSUFFICIENT */
export function requireSender(sender: Sender, needed: TokenRole): void {
  if ('refusal' in sender) throw sender.refusal;
  requireRole(sender.holder.role, needed);
}

/** What a 401 says of the scheme, after RFC 6750. */
export function challengeOf({ code }: LocopropError): string | null {
  if (code === 'TOKEN_MISSING') return 'Bearer realm="locoprop"';
  return code === 'TOKEN_INVALID' ? 'Bearer realm="locoprop", error="invalid_token"' : null;
}
