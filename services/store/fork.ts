import { fileOfSegment } from './bucket-line-file.js';
import { eachOf } from './each-of.js';
import type { ObjectStore } from './objects/objects.js';

/** Copying begins anew when what was listed went meanwhile, up to so many times. */
const ROUNDS = 20;

const isOfLines = (key: string): boolean => key.endsWith('.jsonl') || fileOfSegment(key) !== null;

/**
 * Copies a run whose holder may be writing and removing meanwhile. Checkpoints come first and the log
 * after them: a checkpoint is saved once the log is durable up to it, so that whatever checkpoint was
 * copied, the log that is copied then goes at least as far.
 *
 * @param from ends in `/`, as does `to`
 */
export async function forkFolder(objects: ObjectStore, from: string, to: string): Promise<void> {
  await objects.removeAll(to);
  const target = (key: string): string => `${to}${key.slice(from.length)}`;
  const copied = new Set<string>();
  // Of the checkpoints that were listed all may have gone: then there are newer ones.
  for (let round = 1; round <= ROUNDS; round += 1) {
    const listed = (await objects.list(from)).filter((key) => !isOfLines(key) && !copied.has(key));
    const found = await eachOf(listed, async (key) => {
      const isThere = await objects.copy(key, target(key));
      if (isThere) copied.add(key);
      return isThere;
    });
    if (found.every(Boolean)) break;
  }
  // One after the other: of a file in segments an end may be missing, but nothing in between.
  for (const key of (await objects.list(from)).filter(isOfLines)) {
    await objects.copyGrowing(key, target(key));
  }
}
