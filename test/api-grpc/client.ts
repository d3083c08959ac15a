import {
  Client,
  type ChannelCredentials,
  type ChannelOptions,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials,
  Metadata,
  type MetadataValue,
  type ServiceError,
  type status as Status,
} from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

type Method = MethodDefinition<object, object>;
/** A message of an answer. */
export type Message = Readonly<Record<string, unknown>>;

const definition = loadSync('locoprop/v1/coordinator.proto', {
  includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))],
  longs: Number,
  enums: String,
  oneofs: true,
  arrays: true,
});
/** As it stands in the file, for a client that knows nothing else. */
export const service = definition['locoprop.v1.Coordinator'] as ServiceDefinition;

const methodOf = (name: string): Method => service[name] as Method;

export interface ClientOptions {
  readonly token?: string | null;
  readonly channel?: ChannelCredentials;
  readonly options?: ChannelOptions;
}

/** A plain client, which ends with the test. */
export class PlainClient {
  readonly client: Client;
  readonly token: string | null;

  constructor(address: string, { token = 'writer', channel, options = {} }: ClientOptions = {}) {
    this.token = token;
    this.client = new Client(address, channel ?? credentials.createInsecure(), {
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
      ...options,
    });
    onTestFinished(() => this.client.close());
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    if (this.token !== null)
      metadata.set('authorization', this.token.includes(' ') ? this.token : `Bearer ${this.token}`);
    return metadata;
  }

  /** One answer. */
  call(name: string, request: object = {}, deadline = Infinity): Promise<Message> {
    const { requestSerialize } = methodOf(name);
    return this.raw(name, requestSerialize(request), deadline);
  }

  /** Sends whatever bytes. */
  raw(name: string, bytes: Buffer, deadline = Infinity): Promise<Message> {
    const { path, responseDeserialize } = methodOf(name);
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        path,
        (message: Buffer) => message,
        responseDeserialize,
        bytes,
        this.#metadata(),
        { deadline },
        (error, answer) => (error ? reject(error) : resolve(answer as Message)),
      );
    });
  }

  /** A stream of answers. */
  open(name: string, request: object, deadline = Infinity): ClientReadableStream<Message> {
    return this.openRaw(name, methodOf(name).requestSerialize(request), deadline);
  }

  openRaw(name: string, bytes: Buffer, deadline = Infinity): ClientReadableStream<Message> {
    const { path, responseDeserialize } = methodOf(name);
    return this.client.makeServerStreamRequest(
      path,
      (message: Buffer) => message,
      responseDeserialize as (bytes: Buffer) => Message,
      bytes,
      this.#metadata(),
      { deadline },
    );
  }

  /** All of a stream of answers. */
  async all(name: string, request: object): Promise<Message[]> {
    return collect(this.open(name, request));
  }

  /** A stream of requests, each as bytes or as a message. */
  async upload(parts: Iterable<object | Buffer> | AsyncIterable<object | Buffer>): Promise<Message> {
    const { call, answer } = this.openUpload();
    const send = async (): Promise<void> => {
      for await (const part of parts) await new Promise((done) => call.write(part, done));
      call.end();
    };
    return (await Promise.all([answer, Promise.race([send(), answer])]))[0];
  }

  openUpload(): { readonly call: ClientWritableStream<object>; readonly answer: Promise<Message> } {
    const { path, requestSerialize, responseDeserialize } = methodOf('UploadDataset');
    const { promise: answer, resolve, reject } = withResolvers<Message>();
    const call = this.client.makeClientStreamRequest(
      path,
      (part: object) => (Buffer.isBuffer(part) ? part : requestSerialize(part)),
      responseDeserialize,
      this.#metadata(),
      {},
      (error, value) => (error ? reject(error) : resolve(value as Message)),
    );
    return { call, answer };
  }
}

function withResolvers<Value>() {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<Value>((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}

export async function collect(stream: ClientReadableStream<Message>): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of stream as AsyncIterable<Message>) messages.push(message);
  return messages;
}

/** How a call was refused. */
export interface Refusal {
  readonly status: Status;
  readonly code: MetadataValue | undefined;
  readonly remedy: string;
  readonly retryable: MetadataValue | undefined;
  readonly text: string;
  readonly metadata: Metadata;
}

export async function refusalOf(answer: Promise<unknown>): Promise<Refusal> {
  let error: ServiceError;
  try {
    await answer;
  } catch (cause) {
    error = cause as ServiceError;
    if (!(error.metadata instanceof Metadata)) throw cause;
    const value = (key: string): MetadataValue | undefined => error.metadata.get(key)[0];
    return {
      status: error.code,
      code: value('locoprop-error-code'),
      remedy: decodeURIComponent(String(value('locoprop-error-remedy'))),
      retryable: value('locoprop-error-retryable'),
      text: error.details,
      metadata: error.metadata,
    };
  }
  throw new Error('it was not refused');
}

/** A message as gRPC frames it. */
export function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
