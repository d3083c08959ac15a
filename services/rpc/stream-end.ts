import type { ClientDuplexStream, ServerDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { EventEmitter } from 'node:events';
import { LocopropError } from '../../core/errors/error.js';
import { type Codec, coordinatorCodec, type FaultMessage, workerCodec } from './definition.js';
import type { CoordinatorMessage, WorkerMessage } from './messages.js';
import { errorOfStatus, statusOf } from './status.js';
import { reasonOf } from './text.js';

/** What a stream of grpc-js is at both ends. */
interface ByteStream extends EventEmitter {
  readonly destroyed: boolean;
  resume(): unknown;
  write(bytes: Buffer, onSent: () => void): boolean;
  end(last?: Buffer): unknown;
}

/** A stream of grpc-js as one of its ends has it: what differs between client and server. */
export interface StreamEnd<Out, In> {
  /** Of the bytes of messages. */
  readonly stream: ByteStream;
  readonly codec: Codec<Out, In>;
  /** For errors. */
  readonly peer: string;
  /** Ends the stream and tells the peer why. */
  fail(error: LocopropError): void;
  /** Gives the stream up whatever the peer does. */
  abandon(): void;
  /** Why the stream broke. */
  errorOf(cause: Error): LocopropError;
}

/** A stream that a worker has opened. */
export const workerEnd = (
  stream: ClientDuplexStream<Buffer, Buffer>,
  peer: string,
): StreamEnd<WorkerMessage, CoordinatorMessage> => ({
  stream,
  codec: workerCodec,
  peer,
  fail: ({ code, message }) => {
    const fault: FaultMessage = { message: 'fault', fault: { code, message } };
    stream.end(workerCodec.encode(fault));
  },
  abandon: () => stream.cancel(),
  errorOf: (cause) =>
    isServiceError(cause) ? errorOfStatus(cause, peer, true) : closed(peer, reasonOf(cause), cause),
});

/** A stream that a coordinator has accepted. */
export const coordinatorEnd = (
  stream: ServerDuplexStream<Buffer, Buffer>,
): StreamEnd<CoordinatorMessage, WorkerMessage> => {
  const peer = stream.getPeer();
  return {
    stream,
    codec: coordinatorCodec,
    peer,
    // grpc-js sends what is emitted as the status.
    fail: (error) => void stream.emit('error', statusOf(error)),
    // Should the peer not read, its connection stays until it ends or answers no pings.
    abandon: () => stream.destroy(),
    errorOf: (cause) => closed(peer, reasonOf(cause), cause),
  };
};

const isServiceError = (cause: Error): cause is ServiceError =>
  'code' in cause && 'details' in cause && 'metadata' in cause;

/** The error of a connection that ended without one of the peer's. */
export const closed = (peer: string, reason: string, cause?: unknown): LocopropError =>
  new LocopropError('CLUSTER_CHANNEL_CLOSED', { peer, reason }, { cause });
