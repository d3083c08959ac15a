import { Readable } from 'node:stream';

/** A stream of what `content` makes of `source`, which is closed with it, also where nobody has read it. */
export function readThrough(source: Readable, content: AsyncIterable<Uint8Array>): Readable {
  const stream = Readable.from(content, { objectMode: false });
  // A generator that was never entered has nothing in it that would close what it reads.
  stream.once('close', () => source.destroy());
  return stream;
}
