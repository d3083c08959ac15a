import { LocopropError } from '../../../core/errors/error.js';
import { loadProto, serviceOf } from '../../../proto/proto-files.js';
import { reasonOf } from '../../../services/rpc/text.js';
import type { MethodName, Requests } from './requests.js';

export const SERVICE = 'locoprop.v1.Coordinator';

/** The package locoprop.v1 as clients of the service see it, for reflection too. */
export const packageDefinition = loadProto('locoprop/v1/coordinator.proto');

const service = serviceOf(packageDefinition, SERVICE);

const bytesAsTheyAre = (bytes: Buffer): Buffer => bytes;

/**
 * The service with requests as bytes: what cannot be read is then refused with an error of the catalogue,
 * where gRPC would call it a failure of the server.
 */
export const serviceDefinition = Object.fromEntries(
  Object.entries(service).map(([name, method]) => [name, { ...method, requestDeserialize: bytesAsTheyAre }]),
);

/** @throws LocopropError REQUEST_INVALID for bytes that are no request of the method */
export function readRequest<Name extends MethodName>(name: Name, bytes: Buffer): Requests[Name] {
  try {
    // What proto-loader makes of the method's message in coordinator.proto.
    return service[name]?.requestDeserialize(bytes) as Requests[Name];
  } catch (cause) {
    throw new LocopropError('REQUEST_INVALID', { reason: reasonOf(cause) }, { cause });
  }
}

const prefix = `/${SERVICE}/`;

/** The method of the service that a path names; null for those of other services. */
export function methodOf(path: string): MethodName | null {
  const name = path.slice(prefix.length);
  return path.startsWith(prefix) && isMethod(name) ? name : null;
}

const isMethod = (name: string): name is MethodName => Object.hasOwn(service, name);
