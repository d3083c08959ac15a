import { linesOf } from './lines.ts';

export interface ServerSentEvent {
  readonly id: string;
  readonly data: string;
}

/**
 * The events of a stream as the WHATWG has them. `EventSource` cannot send a token, so the page reads for itself.
 * An event whose end did not come is none.
 *
 * @param onSign called for whatever comes, comments too: the connection is alive
 * @param gatherMs see {@link linesOf}
 */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array>,
  onSign: () => void,
  gatherMs?: number,
): AsyncGenerator<ServerSentEvent> {
  let id = '';
  let data: string[] = [];
  for await (const line of linesOf(body, gatherMs)) {
    onSign();
    if (line === '') {
      if (data.length > 0) yield { id, data: data.join('\n') };
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') id = value;
    if (field === 'data') data.push(value);
  }
}
