import type * as S3 from '@aws-sdk/client-s3';

type Sdk = typeof S3;

/** Larger objects are sent in parts, of at least 5 MiB and at most 10,000: up to 156 GiB. */
const PART_BYTES = 1 << 24;

/** The same bytes in pieces of `PART_BYTES`, the last one smaller. */
async function* parts(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, undefined> {
  let filled: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    for (let begin = 0; begin < chunk.length;) {
      const piece = chunk.subarray(begin, begin + PART_BYTES - size);
      filled.push(piece);
      size += piece.length;
      begin += piece.length;
      if (size === PART_BYTES) {
        yield Buffer.concat(filled);
        filled = [];
        size = 0;
      }
    }
  }
  if (size > 0) yield Buffer.concat(filled);
}

/** Puts an object of any size: in one request, or in parts that become one object with the last request. */
export async function putObject(
  sdk: Sdk,
  client: S3.S3Client,
  { bucket: Bucket, key: Key }: { readonly bucket: string; readonly key: string },
  content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const pieces = parts(content);
  const first = await pieces.next();
  const second = first.done ? first : await pieces.next();
  if (second.done) {
    const Body = first.done ? new Uint8Array() : first.value;
    await client.send(new sdk.PutObjectCommand({ Bucket, Key, Body }));
    return;
  }
  await inParts(sdk, client, { Bucket, Key }, async (UploadId) => {
    const Parts = [];
    let next: IteratorResult<Uint8Array, undefined> = first;
    for (let PartNumber = 1; !next.done; PartNumber += 1) {
      const Body = next.value;
      const part = { Bucket, Key, UploadId, PartNumber };
      const { ETag } = await client.send(new sdk.UploadPartCommand({ ...part, Body }));
      Parts.push({ PartNumber, ETag });
      next = PartNumber === 1 ? second : await pieces.next();
    }
    return Parts;
  });
}

/** Makes an object of parts, which `send` puts where the upload of this id keeps them. */
export async function inParts(
  sdk: Sdk,
  client: S3.S3Client,
  place: { readonly Bucket: string; readonly Key: string },
  send: (UploadId: string | undefined) => Promise<S3.CompletedPart[]>,
): Promise<void> {
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(place));
  try {
    const MultipartUpload = { Parts: await send(UploadId) };
    await client.send(new sdk.CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload }));
  } catch (cause) {
    // Parts that stay are the bucket's to clear away (a rule for unfinished uploads); the first failure counts.
    await Promise.allSettled([client.send(new sdk.AbortMultipartUploadCommand({ ...place, UploadId }))]);
    throw cause;
  }
}
