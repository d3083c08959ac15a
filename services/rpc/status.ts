import { Metadata, status as Status, type StatusObject } from '@grpc/grpc-js';
import { z } from 'zod';
import { clusterErrors } from '../../core/errors/cluster.js';
import { type ErrorDetails, LocopropError } from '../../core/errors/error.js';
import { plainLine, reasonOf } from './text.js';

/*
 * Errors of the catalogue as statuses of gRPC. The status' message starts with the code, for people and
 * for workers; the details go with it as JSON in the metadata, for workers.
 */

type ClusterCode = keyof typeof clusterErrors;

const DETAILS_KEY = 'locoprop-details';

const statusOfCode: Readonly<Partial<Record<string, Status>>> = {
  CLUSTER_TOKEN_REFUSED: Status.UNAUTHENTICATED,
  CLUSTER_PROTOCOL_MISMATCH: Status.FAILED_PRECONDITION,
  CLUSTER_PEER_INVALID: Status.INVALID_ARGUMENT,
  CLUSTER_TENSOR_CORRUPT: Status.DATA_LOSS,
  CLUSTER_CHANNEL_CLOSED: Status.UNAVAILABLE,
};

/** A failure as the peer is told it. */
export const asLocoprop = (error: Error, peer: string): LocopropError =>
  error instanceof LocopropError
    ? error
    : new LocopropError('CLUSTER_CHANNEL_CLOSED', { peer, reason: reasonOf(error) }, { cause: error });

/** The status that ends a stream with an error. */
export function statusOf({ code, message, details }: LocopropError): StatusObject {
  const metadata = new Metadata();
  // Headers hold ASCII only.
  const json = JSON.stringify(details).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  metadata.set(DETAILS_KEY, json);
  return {
    code: statusOfCode[code] ?? Status.ABORTED,
    details: plainLine(`${code}: ${message}`),
    metadata,
  };
}

const isClusterCode = (code: string): code is ClusterCode => Object.hasOwn(clusterErrors, code);

/**
 * The error that a peer names.
 *
 * @param peer whoever it came from
 */
export function errorOfPeer(
  code: string,
  message: string,
  peer: string,
  details?: ErrorDetails,
): LocopropError {
  const reason = plainLine(message);
  if (isClusterCode(code)) return new LocopropError(code, details ?? { peer, reason });
  const named = code === '' ? reason : `${plainLine(code)}: ${reason}`;
  return new LocopropError('CLUSTER_CHANNEL_CLOSED', { peer, reason: named });
}

/** What a client learns from the status that ended its stream; `opened`: whether it was accepted before. */
export function errorOfStatus(
  { code, details: text, metadata }: Pick<StatusObject, 'code' | 'details' | 'metadata'>,
  peer: string,
  opened: boolean,
): LocopropError {
  const named = /^(CLUSTER_\w+): (.*)$/.exec(text);
  if (named) return errorOfPeer(named[1] ?? '', named[2] ?? '', peer, detailsOf(metadata));
  if (code === Status.UNAUTHENTICATED) return new LocopropError('CLUSTER_TOKEN_REFUSED');
  const reason = plainLine(text);
  if (opened) return new LocopropError('CLUSTER_CHANNEL_CLOSED', { peer, reason });
  const unexpected = code === Status.UNIMPLEMENTED ? 'what listens there is no coordinator' : lastOf(reason);
  return new LocopropError('CLUSTER_UNREACHABLE', { addresses: peer, reason: unexpected });
}

/** Of what grpc-js says of a connection that was not made, what went wrong in the end. */
function lastOf(reason: string): string {
  const last = /^No connection established\. Last error: (?:Error: )?(.*)\. Resolution note:/.exec(
    reason,
  )?.[1];
  return (last ?? reason).replace(/^Failed to connect \(.*\)$/, HUNG_UP);
}

/** grpc-js has only the time to tell of this, and a reason that is another one each time would be told each time. */
const HUNG_UP =
  'it ended the connection at once, as a coordinator with certificates does to a worker without them (--tls)';

const detailsSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

function detailsOf(metadata: Metadata): ErrorDetails | undefined {
  const [text] = metadata.get(DETAILS_KEY);
  if (typeof text !== 'string') return undefined;
  const details = detailsSchema.safeParse(jsonOf(text)).data;
  return (
    details &&
    Object.fromEntries(
      Object.entries(details).map(([name, value]) => [
        name,
        typeof value === 'string' ? plainLine(value) : value,
      ]),
    )
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The code and the text of the status say enough.
    return undefined;
  }
}
