import { Client, credentials } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { listening } from './support.js';

it('a client that knows nothing can ask for the services', async () => {
  const server = await listening();
  const main = createRequire(import.meta.url).resolve('@grpc/reflection');
  const definition = loadSync(join(dirname(main), '../proto/grpc/reflection/v1/reflection.proto'), {
    oneofs: true,
  });
  const service = definition['grpc.reflection.v1.ServerReflection'] as ServiceDefinition;
  const { path, requestSerialize, responseDeserialize } = service['ServerReflectionInfo']!;
  const client = new Client(server.address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const answer = new Promise((resolve, reject) => stream.on('data', resolve).on('error', reject));
  stream.write({ listServices: '' });
  expect(JSON.stringify(await answer)).toContain('locoprop.v1.Workers');
  stream.end();
});
