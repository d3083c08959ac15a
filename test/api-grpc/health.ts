import { type ChannelCredentials, Client, type ClientReadableStream, credentials } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { onTestFinished } from 'vitest';

type Answer = { readonly status: string };

function clientOf(address: string, channel: ChannelCredentials): Client {
  const client = new Client(address, channel);
  onTestFinished(() => client.close());
  return client;
}

/** What the health service says of a service. */
export function check(
  address: string,
  name: string,
  channel = credentials.createInsecure(),
): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = service['Check']!;
  return new Promise((resolve, reject) =>
    clientOf(address, channel).makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { service: name },
      (error, answer) => (error ? reject(error) : resolve((answer as Answer).status)),
    ),
  );
}

/** What it says of it from now on. */
export function watchHealth(address: string, name: string): ClientReadableStream<Answer> {
  const { path, requestSerialize, responseDeserialize } = service['Watch']!;
  return clientOf(address, credentials.createInsecure()).makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize as (bytes: Buffer) => Answer,
    { service: name },
  );
}
