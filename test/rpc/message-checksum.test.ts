import { coordinatorCodec, workerCodec } from '#services/rpc/definition.js';
import type { WorkerMessage } from '#services/rpc/messages.js';
import { expect, it } from 'vitest';

const message: WorkerMessage = {
  message: 'heartbeat',
  heartbeat: { number: 77, residentBytes: 123_456, busySeconds: 0.75 },
};

/** What comes of bytes; null where they are no message. */
function read(bytes: Buffer): unknown {
  try {
    return coordinatorCodec.decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return null;
  }
}

it('reads a message with its checksum, and without', () => {
  const bytes = workerCodec.encode(message);
  expect(read(bytes)).toEqual(message);
  expect(read(bytes.subarray(0, -5))).toEqual(message);
});

it('takes no message of which a bit was flipped for another one', () => {
  const bytes = workerCodec.encode(message);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    // A flip within the checksum's tag leaves the message as it was.
    const taken = read(flipped);
    if (taken !== null) expect(taken, `bit ${bit}`).toEqual(message);
  }
});
