import { Client, type ChannelOptions, type ServiceError } from '@grpc/grpc-js';
import { isIP } from 'node:net';
import { LocopropError } from '../../core/errors/error.js';
import type { TransportSecurity } from '../security/transport-security.js';
import type { Channel, Receiver } from './channel.js';
import { clientCredentials, tokenMetadata } from './credentials.js';
import { attachMethod } from './definition.js';
import { createChannel } from './grpc-channel.js';
import { GREETING_MS } from './limits.js';
import type { CoordinatorMessage, WorkerMessage } from './messages.js';
import { errorOfStatus } from './status.js';
import { workerEnd } from './stream-end.js';
import { clientOptions } from './transport-options.js';

export interface DialOptions {
  /** HOST:PORT. */
  readonly address: string;
  /** Whose certificate the coordinator must show; the host of the address where it is absent. */
  readonly serverName?: string;
  readonly security: TransportSecurity;
  readonly receiver: Receiver<CoordinatorMessage>;
  /** Ends the attempt; without meaning once the stream is open. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a stream to a coordinator; it resolves once the coordinator has accepted the connection and the
 * token, and waits for the hello. What is wrong with the hello comes through the receiver's `onEnd`.
 *
 * @throws CLUSTER_UNREACHABLE, CLUSTER_TOKEN_REFUSED, or what else the coordinator says
 */
export function dial({
  address,
  serverName,
  security,
  receiver,
  signal,
}: DialOptions): Promise<Channel<WorkerMessage>> {
  const options = { ...clientOptions, ...(security.tls && nameOptions(serverName)) };
  const client = new Client(address, clientCredentials(security), options);
  const { path, requestSerialize, responseDeserialize } = attachMethod;
  const stream = client.makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    tokenMetadata(security),
  );
  return new Promise((resolve, reject) => {
    const giveUp = setTimeout(() => {
      const reason = `there was no answer within ${GREETING_MS / 1000} s`;
      reject(new LocopropError('CLUSTER_UNREACHABLE', { addresses: address, reason }));
      stream.cancel();
    }, GREETING_MS);
    const abort = (): void => stream.cancel();
    signal?.addEventListener('abort', abort, { once: true });
    const failed = (cause: ServiceError): void => reject(errorOfStatus(cause, address, false));
    stream.on('error', failed);
    stream.once('status', () => {
      clearTimeout(giveUp);
      client.close();
      reject(
        new LocopropError('CLUSTER_UNREACHABLE', { addresses: address, reason: 'the stream was ended' }),
      );
    });
    stream.once('metadata', () => {
      clearTimeout(giveUp);
      stream.off('error', failed);
      signal?.removeEventListener('abort', abort);
      resolve(createChannel(workerEnd(stream, address), receiver));
    });
  });
}

/** A number is no name for TLS: the certificate is then checked against the address itself. */
const nameOptions = (serverName: string | undefined): ChannelOptions =>
  serverName === undefined || isIP(serverName) !== 0
    ? {}
    : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName };
