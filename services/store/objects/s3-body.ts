import type { Readable } from 'node:stream';

/** From a server that has begun to answer nothing comes for so long: it is given up. */
const STALLED_MS = 30_000;

/** The bytes of an answer, whose reader may take its time, but whose sender may not. */
export async function* bytesOf(body: Readable): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(
        () => body.destroy(new Error(`nothing came for ${STALLED_MS / 1000} s`)),
        STALLED_MS,
      );
      let next: IteratorResult<Uint8Array, unknown>;
      try {
        next = await chunks.next();
      } finally {
        clearTimeout(timer);
      }
      if (next.done) return;
      yield next.value;
    }
  } finally {
    body.destroy();
  }
}
