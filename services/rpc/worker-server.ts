import { Server, type ServerDuplexStream, Metadata } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { LocopropError } from '../../core/errors/error.js';
import type { TransportSecurity } from '../security/transport-security.js';
import type { Channel, Receiver } from './channel.js';
import { knowsToken, serverCredentials } from './credentials.js';
import { attachMethod, coordinatorCodec, packageDefinition } from './definition.js';
import { parseAddress } from '../network/address.js';
import { createChannel } from './grpc-channel.js';
import { Health } from './health-server.js';
import { GREETING_MS } from './limits.js';
import { type CoordinatorMessage, type Hello, PROTOCOL, type WorkerMessage } from './messages.js';
import { AcceptedSockets, bind, shutDown } from './server-lifecycle.js';
import { statusOf } from './status.js';
import { coordinatorEnd } from './stream-end.js';
import { reasonOf } from './text.js';
import { serverOptions } from './transport-options.js';

/**
 * Makes the channel of a worker that said hello; what it sends waits until then. Its stream is refused by
 * closing the channel with an error.
 */
export type Attach = (receiver: Receiver<WorkerMessage>) => Channel<CoordinatorMessage>;

export interface ListenOptions {
  /** HOST:PORT; port 0 for any that is free. */
  readonly address: string;
  readonly security: TransportSecurity;
  /** `peer` is the address that the worker dialled from. */
  readonly onWorker: (hello: Hello, attach: Attach, peer: string) => void;
  /** Called for each stream that was turned away, for the log. */
  readonly onRefused: (peer: string, error: LocopropError) => void;
}

export interface WorkerServer {
  /** With the real port. */
  readonly address: string;
  /** Ends what is left of the streams, after a moment. */
  close(): Promise<void>;
}

type Stream = ServerDuplexStream<Buffer, Buffer>;

/**
 * Listens for workers.
 *
 * @throws CLUSTER_ADDRESS_INVALID or CLUSTER_LISTEN_FAILED
 */
export async function listen(options: ListenOptions): Promise<WorkerServer> {
  const server = new Server(serverOptions);
  const sockets = new AcceptedSockets();
  server.addService({ Attach: attachMethod }, { Attach: (stream: Stream) => welcome(stream, options) });
  new Health(['locoprop.v1.Workers'], true).addToServer(server);
  new ReflectionService(packageDefinition).addToServer(server);
  const address = await bind(server, options.address, serverCredentials(options.security));
  return { address, close: () => shutDown(server, () => sockets.cut(parseAddress(address).port)) };
}

/** Checks the token and the first message. */
function welcome(stream: Stream, options: ListenOptions): void {
  const peer = stream.getPeer();
  let refused = false;
  const refuse = (error: LocopropError): void => {
    if (refused) return;
    refused = true;
    clearTimeout(timer);
    stream.removeAllListeners('data').resume();
    stream.emit('error', statusOf(error));
    options.onRefused(peer, error);
  };
  const invalid = (reason: string, cause?: unknown): void =>
    refuse(new LocopropError('CLUSTER_PEER_INVALID', { peer, reason }, { cause }));
  const timer = setTimeout(() => invalid(`it said no hello within ${GREETING_MS / 1000} s`), GREETING_MS);

  if (!knowsToken(options.security, stream.metadata)) {
    refuse(new LocopropError('CLUSTER_TOKEN_REFUSED'));
    return;
  }
  const gone = (): void => invalid('it left without a hello');
  const failed = (cause: unknown): void => invalid(reasonOf(cause), cause);
  stream.once('end', gone).once('cancelled', gone).once('error', failed);
  stream.once('data', (bytes: Buffer) => {
    stream.pause();
    const hello = readHello(bytes, peer);
    if (hello instanceof LocopropError) {
      refuse(hello);
      return;
    }
    clearTimeout(timer);
    stream.off('end', gone).off('cancelled', gone).off('error', failed);
    options.onWorker(hello, (receiver) => createChannel(coordinatorEnd(stream), receiver), peer);
  });
  // The worker learns that it may speak.
  stream.sendMetadata(new Metadata());
}

function readHello(bytes: Buffer, peer: string): Hello | LocopropError {
  try {
    const message = coordinatorCodec.decode(bytes);
    if (message?.message !== 'hello') {
      const reason = `its first message is ${message?.message ?? 'unknown'}, not hello`;
      return new LocopropError('CLUSTER_PEER_INVALID', { peer, reason });
    }
    const { protocol } = message.hello;
    if (protocol === PROTOCOL) return message.hello;
    return new LocopropError('CLUSTER_PROTOCOL_MISMATCH', { worker: protocol, coordinator: PROTOCOL });
  } catch (cause) {
    const reason = `its first message is not valid: ${reasonOf(cause)}`;
    return new LocopropError('CLUSTER_PEER_INVALID', { peer, reason }, { cause });
  }
}
