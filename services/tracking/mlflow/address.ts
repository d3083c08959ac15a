import { LocopropError } from '../../../core/errors/error.js';
import { scrubText } from '../../telemetry/scrub.js';

/** Where a tracking server is, and how it is spoken to. */
export interface MlflowAddress {
  /** Without credentials and without a slash at its end. */
  readonly url: string;
  /** The header; null for none. */
  readonly authorization: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads an address such as http://localhost:5000. Credentials are taken as MLflow's own clients take them:
 * from MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, else MLFLOW_TRACKING_TOKEN, else the address.
 *
 * @throws LocopropError TRACKING_ADDRESS_INVALID
 */
export function mlflowAddress(address: string, environment: Environment): MlflowAddress {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new LocopropError('TRACKING_ADDRESS_INVALID', { address: scrubText(address) });
  }
  const authorization = fromEnvironment(environment) ?? fromAddress(url);
  return { url: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, authorization };
}

function fromEnvironment(environment: Environment): string | null {
  const username = environment['MLFLOW_TRACKING_USERNAME'] ?? '';
  const password = environment['MLFLOW_TRACKING_PASSWORD'] ?? '';
  if (username !== '' && password !== '') return basic(username, password);
  const token = environment['MLFLOW_TRACKING_TOKEN'] ?? '';
  return token === '' ? null : `Bearer ${token}`;
}

const fromAddress = ({ username, password }: URL): string | null =>
  username === '' ? null : basic(decodeURIComponent(username), decodeURIComponent(password));

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
