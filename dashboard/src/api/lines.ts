import { pause } from './pause.ts';

/**
 * What comes within this time is read at once. A reading takes a page longer than an event does, and events may come by
 * the hundred a second.
 */
const GATHER_MS = 100;
/** A body that gives so much at once has more: what has happened so far comes without a pause. */
const FULL_BYTES = 8192;

/**
 * The lines of a body as they come, without their ends.
 *
 * @param gatherMs pause after a small piece
 */
export async function* linesOf(
  body: ReadableStream<Uint8Array>,
  gatherMs = GATHER_MS,
): AsyncGenerator<string> {
  const reader = body.getReader();
  // A TextDecoderStream takes longer for a chunk than all else that is done with it.
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop()!;
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
      if (value.length < FULL_BYTES) await pause(gatherMs);
    }
    rest += decoder.decode();
    if (rest !== '') yield rest;
  } finally {
    // Where it was left early; it may have broken.
    reader.cancel().catch(() => undefined);
  }
}
