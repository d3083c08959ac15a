import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocopropError } from '../../core/errors/error.js';
import { BucketRunStore } from './bucket-run-store.js';
import { FolderRunStore } from './folder-run-store.js';
import type { JobStore } from './job-store.js';
import { ObjectJobStore } from './object-job-store.js';
import { FolderObjects } from './objects/folder-objects.js';

export interface JobStoreOptions {
  /**
   * Is told of what does not stop the store: a damaged record, once, which `list` leaves out; what could not
   * be cleared away and will be later.
   */
  readonly onProblem: (problem: LocopropError) => void;
  /**
   * Of a bucket: folder of this machine for what is on its way, and for copies of data sets.
   * @default one of the system's temporary folders, which goes with `close`
   */
  readonly cacheFolder?: string | undefined;
  /** Of a bucket. @default the standard settings: AWS_ENDPOINT_URL, else AWS's own */
  readonly endpoint?: string | undefined;
  /** Of a bucket. @default the standard settings: AWS_REGION and so on, and `us-east-1` for other servers */
  readonly region?: string | undefined;
  /** Whether the bucket stands in the path and not in the host's name. @default true for other servers */
  readonly forcePathStyle?: boolean | undefined;
  /** @default the system's clock */
  readonly clock?: (() => Date) | undefined;
}

/** Whether a store's location is a folder, and no address such as `s3://bucket`. */
export const isFolder = (location: string): boolean => !/^[a-z][a-z0-9+-]+:\/\//i.test(location);

const CONNECT_MS = 5_000;
const REQUEST_MS = 30_000;
const ATTEMPTS = 5;

/**
 * Opens the store of a service: a folder, which is made where it is missing, or `s3://bucket/prefix`, with
 * the credentials of the standard AWS settings. A bucket must know conditional writes (`If-None-Match: *`),
 * as AWS, MinIO, Ceph and others do.
 *
 * @throws LocopropError SETTING_INVALID, STORE_UNAVAILABLE
 */
export async function openJobStore(location: string, options: JobStoreOptions): Promise<JobStore> {
  return isFolder(location) ? openFolder(location, options) : openBucket(location, options);
}

async function openFolder(folder: string, { onProblem, clock = now }: JobStoreOptions): Promise<JobStore> {
  const objects = new FolderObjects(folder);
  await objects.check();
  await objects.removeTemporaryFiles();
  const runStore = (key: string): FolderRunStore => new FolderRunStore(objects.name(key));
  return new ObjectJobStore(objects, { runStore, cache: objects.staging, onProblem, clock });
}

async function openBucket(location: string, options: JobStoreOptions): Promise<JobStore> {
  const { bucket, prefix } = parseBucket(location);
  const { onProblem, clock = now, cacheFolder } = options;
  // Which versions of Node.js run this program is its own matter, and what it writes are lines of JSON.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const sdk = await import('@aws-sdk/client-s3');
  const { S3Objects } = await import('./objects/s3-objects.js');
  const { env } = process;
  const isOther = (options.endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL ?? '') !== '';
  const region = options.region ?? (isOther && !env.AWS_REGION ? 'us-east-1' : undefined);
  const client = new sdk.S3Client({
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    ...(region !== undefined && { region }),
    forcePathStyle: options.forcePathStyle ?? isOther,
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      throwOnRequestTimeout: true,
    },
  });
  const staging = cacheFolder ?? (await mkdtemp(join(tmpdir(), 'locoprop-cache-')));
  const place = { bucket, prefix, staging, isTemporary: cacheFolder === undefined };
  const objects = new S3Objects(sdk, client, place);
  const runStore = (folder: string): BucketRunStore => new BucketRunStore(objects, folder);
  const cache = join(staging, 'datasets');
  return new ObjectJobStore(objects, { runStore, cache, onProblem, clock });
}

function parseBucket(location: string): { bucket: string; prefix: string } {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(location) ?? [];
  if (bucket === undefined) {
    const reason = 'a store is a folder, or s3://BUCKET/PREFIX';
    throw new LocopropError('SETTING_INVALID', {
      source: 'The start',
      setting: 'store',
      value: location,
      reason,
    });
  }
  const parts = path.split('/').filter((part) => part !== '');
  return { bucket, prefix: parts.map((part) => `${part}/`).join('') };
}

const now = (): Date => new Date();
