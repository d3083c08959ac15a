import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { BUCKET, S3Server } from '../support/s3-server.js';
import type { NewPlace } from './support.js';

/** A server for the tests of a file. */
export function withServer(): { readonly newPlace: NewPlace; readonly port: () => number } {
  let server: S3Server | undefined;
  beforeAll(async () => {
    server = await S3Server.start();
  });
  afterAll(() => server?.end());

  return {
    port: () => server!.port,
    newPlace: () => {
      // Next to the others and not below them: a prefix of one may begin another's.
      const prefix = `of ä+%/${randomBytes(6).toString('hex')}`;
      return Promise.resolve({
        location: `s3://${BUCKET}/${prefix}`,
        put: async (key, content) => {
          const place = { Bucket: BUCKET, Key: `${prefix}/${key}` };
          await server!.client.send(new PutObjectCommand({ ...place, Body: content }));
        },
        keys: async () => {
          const page = await server!.client.send(
            new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `${prefix}/` }),
          );
          return (page.Contents ?? []).map(({ Key = '' }) => Key.slice(prefix.length + 1));
        },
      });
    },
  };
}
