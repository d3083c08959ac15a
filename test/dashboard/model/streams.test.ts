import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serverSentEvents, type ServerSentEvent } from '../../../dashboard/src/api/server-sent-events.ts';

const STREAM = [
  'retry: 2000',
  '',
  ': still here',
  '',
  'id: 1.0.1',
  'event: event',
  'data: {"text":"Zürich – ∇"}',
  '',
  'id: 1.0.2',
  'data:no space',
  'data: second',
  '',
  'id: 1.0.3',
  'data: the connection broke here',
].join('\n');

const EXPECTED = [
  { id: '1.0.1', data: '{"text":"Zürich – ∇"}' },
  { id: '1.0.2', data: 'no space\nsecond' },
];

async function read(pieces: readonly Uint8Array[]): Promise<ServerSentEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const events: ServerSentEvent[] = [];
  for await (const event of serverSentEvents(body, () => undefined, 0)) events.push(event);
  return events;
}

describe('server-sent events', () => {
  it('are the same wherever the stream is cut into pieces, in the middle of a character too', async () => {
    const bytes = new TextEncoder().encode(STREAM);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
        const ends = [...cuts.toSorted((a, b) => a - b), bytes.length];
        const pieces = ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
        expect(await read(pieces)).toEqual(EXPECTED);
      }),
    );
  });

  it('may have lines that end as on Windows', async () => {
    const bytes = new TextEncoder().encode(STREAM.replaceAll('\n', '\r\n'));
    expect(await read([bytes])).toEqual(EXPECTED);
  });
});
