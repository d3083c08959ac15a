import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../../../services/network/address.js';
import { invalidRequest } from './problem.js';

/**
 * Where no token is needed, a web page that the user happens to look at could use his browser to send requests.
 * They tell the page's origin; and where the page's own name was pointed at this machine, they tell that name.
 *
 * @param onLoopback whether only this machine can reach the server
 * @throws LocopropError REQUEST_INVALID
 */
export function refuseOtherSites({ host = '', origin }: IncomingHttpHeaders, onLoopback: boolean): void {
  if (origin !== undefined && hostOf(origin) !== host.toLowerCase()) {
    throw invalidRequest('it comes from a web page of another origin');
  }
  if (onLoopback && !isLoopback(nameOf(host))) {
    throw invalidRequest(
      'it names a host that is not this machine; without tokens, only localhost is served',
    );
  }
}

const hostOf = (origin: string): string => (URL.canParse(origin) ? new URL(origin).host : '');

/** Without the port, and without the brackets of IPv6. */
const nameOf = (host: string): string => host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
