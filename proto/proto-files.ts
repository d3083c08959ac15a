import {
  loadSync,
  type MessageTypeDefinition,
  type PackageDefinition,
  type ServiceDefinition,
} from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';

/** From dist/proto/ as it is published. */
const PROTO_FOLDER = fileURLToPath(new URL('../../proto', import.meta.url));

/** A file of proto/, such as `locoprop/v1/workers.proto`, with all that it imports, for reflection too. */
export const loadProto = (name: string): PackageDefinition =>
  loadSync(name, {
    includeDirs: [PROTO_FOLDER],
    keepCase: false,
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });

const isService = (entry: object | undefined): entry is ServiceDefinition =>
  entry !== undefined && !('format' in entry);

/** A service by its full name. */
export function serviceOf(definition: PackageDefinition, name: string): ServiceDefinition {
  const service = definition[name];
  if (!isService(service)) throw new TypeError(`there is no service ${name}`);
  return service;
}

/** A message by its full name. */
export function messageTypeOf(
  definition: PackageDefinition,
  name: string,
): MessageTypeDefinition<object, object> {
  const message = definition[name];
  if (!message || !('serialize' in message) || typeof message.serialize !== 'function') {
    throw new TypeError(`there is no message ${name}`);
  }
  return message as MessageTypeDefinition<object, object>;
}
