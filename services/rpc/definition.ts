import type { ServiceDefinition } from '@grpc/proto-loader';
import { isChunk, readChunk } from './chunk-codec.js';
import { MAX_MESSAGE_BYTES } from './limits.js';
import { checkedMessage } from './message-checks.js';
import { checked, withChecksum } from './message-checksum.js';
import type { CoordinatorMessage, Fault, TensorChunk, WorkerMessage } from './messages.js';
import { loadProto, serviceOf } from '../../proto/proto-files.js';

/** The package locoprop.v1 as workers see it, for reflection too. */
export const packageDefinition = loadProto('locoprop/v1/workers.proto');

function loadAttach(): ServiceDefinition[string] {
  const method = serviceOf(packageDefinition, 'locoprop.v1.Workers')['Attach'];
  if (!method) throw new TypeError('workers.proto has no Workers.Attach');
  return method;
}

const attach = loadAttach();

const bytesAsTheyAre = (bytes: Buffer): Buffer => bytes;

/**
 * The stream as bytes: the channel reads and writes its messages itself. So a damaged one ends the channel
 * with an error of the catalogue, and the entries of matrices are not copied on the way.
 */
export const attachMethod = {
  path: attach.path,
  requestStream: true,
  responseStream: true,
  requestSerialize: bytesAsTheyAre,
  requestDeserialize: bytesAsTheyAre,
  responseSerialize: bytesAsTheyAre,
  responseDeserialize: bytesAsTheyAre,
} as const;

export type Chunk = { readonly message: 'chunk'; readonly chunk: TensorChunk };
export type FaultMessage = { readonly message: 'fault'; readonly fault: Fault };

/** How one end writes and reads the messages of a stream. */
export interface Codec<Out, In> {
  /** @throws RangeError for a message that is larger than the peer would take */
  encode(message: Out): Buffer;
  /**
   * @throws whatever the general codec throws, for bytes that are no message, and RangeError for values that are none
   * @returns null for a message that sets no known field
   */
  decode(bytes: Buffer): Incoming<In>;
}

const encoder =
  <Out extends object>(serialize: (message: Out) => Buffer) =>
  (message: Out): Buffer => {
    const bytes = withChecksum(serialize(message));
    if (bytes.length > MAX_MESSAGE_BYTES) {
      throw new RangeError(`a message of ${bytes.length} bytes is over ${MAX_MESSAGE_BYTES} bytes`);
    }
    return bytes;
  };

type Incoming<In> = In | Chunk | FaultMessage | null;

function decode(deserialize: (bytes: Buffer) => object, bytes: Buffer): object | null {
  const chunk = isChunk(bytes) ? readChunk(bytes) : null;
  if (chunk) return { message: 'chunk', chunk };
  const loaded = checked(deserialize(bytes), bytes);
  return 'message' in loaded ? loaded : null;
}

export const workerCodec: Codec<WorkerMessage | FaultMessage, CoordinatorMessage> = {
  encode: encoder(attach.requestSerialize),
  decode: (bytes) => decode(attach.responseDeserialize, bytes) as Incoming<CoordinatorMessage>,
};

export const coordinatorCodec: Codec<CoordinatorMessage, WorkerMessage> = {
  encode: encoder(attach.responseSerialize),
  decode: (bytes) => {
    const message = decode(attach.requestDeserialize, bytes) as Incoming<WorkerMessage>;
    return message && checkedMessage(message);
  },
};
