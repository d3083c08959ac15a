import type * as S3 from '@aws-sdk/client-s3';
import { inParts } from './s3-parts.js';

type Sdk = typeof S3;

/** Larger objects are copied in parts of so many bytes: S3 allows 5 MiB to 5 GiB, and 10,000 of them. */
export const COPY_BYTES = 2 ** 30;
/** A copy is the server's own work, and takes it longer than other requests. */
const TIMEOUT_MS = 300_000;

export interface CopyPlaces {
  readonly bucket: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Copies an object of any size within a bucket: in one request, or in parts that become one object with the
 * last request. Fails where the object is missing, or is replaced meanwhile.
 * @param partBytes what one request copies at most
 */
export async function copyObject(
  sdk: Sdk,
  client: S3.S3Client,
  { bucket: Bucket, from, to: Key }: CopyPlaces,
  partBytes: number,
): Promise<void> {
  const { ContentLength: bytes = 0, ETag } = await client.send(
    new sdk.HeadObjectCommand({ Bucket, Key: from }),
  );
  const CopySource = `${Bucket}/${from}`.split('/').map(encodeURIComponent).join('/');
  const options = { requestTimeout: TIMEOUT_MS };
  if (bytes <= partBytes) {
    await client.send(new sdk.CopyObjectCommand({ Bucket, Key, CopySource }), options);
    return;
  }
  await inParts(sdk, client, { Bucket, Key }, async (UploadId) => {
    const Parts = [];
    for (let start = 0, PartNumber = 1; start < bytes; start += partBytes, PartNumber += 1) {
      const CopySourceRange = `bytes=${start}-${Math.min(start + partBytes, bytes) - 1}`;
      // All parts are of one object, also where another takes its place.
      const part = {
        Bucket,
        Key,
        UploadId,
        PartNumber,
        CopySource,
        CopySourceRange,
        CopySourceIfMatch: ETag,
      };
      const { CopyPartResult } = await client.send(new sdk.UploadPartCopyCommand(part), options);
      Parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
    }
    return Parts;
  });
}
