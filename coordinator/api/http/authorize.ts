import type { LocopropError } from '../../../core/errors/error.js';
import type { TokenRole } from '../../../services/security/token-file.js';
import { holderOf, requireRole, type Sender } from '../bearer-token.js';

/** @throws LocopropError TOKEN_MISSING, TOKEN_INVALID, TOKEN_INSUFFICIENT */
export function requireSender(sender: Sender, needed: TokenRole): void {
  requireRole(holderOf(sender).role, needed);
}

/** What a 401 says of the scheme, after RFC 6750. */
export function challengeOf({ code }: LocopropError): string | null {
  if (code === 'TOKEN_MISSING') return 'Bearer realm="locoprop"';
  return code === 'TOKEN_INVALID' ? 'Bearer realm="locoprop", error="invalid_token"' : null;
}
