import { isLoss } from '#coordinator/cluster/loss.js';
import { WorkerLink } from '#coordinator/cluster/worker-link.js';
import type { Channel } from '#services/rpc/channel.js';
import { packageDefinition } from '#services/rpc/definition.js';
import type { CoordinatorMessage } from '#services/rpc/messages.js';
import { refusals, type Consequence, type RefusalCode } from '#services/rpc/refusals.js';
import { describe, expect, it } from 'vitest';
import { failureOf, helloOf } from '../rpc/support.js';

/** Takes everything and gives nothing back. */
const silent: Channel<CoordinatorMessage> = {
  outgoing: () => {
    throw new Error('no matrix is sent here');
  },
  send: () => Promise.resolve(),
  sendNow: () => undefined,
  limitChunks: () => undefined,
  bytesSent: 0,
  bytesReceived: 0,
  close: () => undefined,
};

/** What becomes of a request that is refused, and of the worker. */
async function consequenceAtLink(code: RefusalCode): Promise<Consequence> {
  const options = { name: 'w', job: 'j', leaseMs: 60_000, onLeaving: () => undefined };
  const link = new WorkerLink(helloOf('w').hello, options);
  link.ready.catch(() => undefined);
  link.open(silent);
  const request = link.request(
    (number) => ({ message: 'fetch', fetch: { request: number, part: 1, step: 1 } }),
    [],
    1000,
    () => undefined,
  );
  const refused = { request: 1, code, reason: 'it cannot be done' };
  link.onMessage({ message: 'refused', refused }, () => Promise.reject(new Error('no matrix comes')));
  const elsewhere = isLoss(await failureOf(request));
  const stays = !link.lost.aborted;
  link.end('the test ends', true);
  return { elsewhere, stays };
}

describe('a refusal', () => {
  it('has one of the codes of the .proto', () => {
    const { type } = packageDefinition['locoprop.v1.RefusalCode'] as unknown as {
      readonly type: { readonly value: readonly { readonly name: string }[] };
    };
    const names = type.value.map(({ name }) => name);
    expect(names).toEqual(['REFUSAL_CODE_UNSPECIFIED', ...Object.keys(refusals)]);
  });

  it.each(Object.keys(refusals) as RefusalCode[])('%s has the consequence of the table', async (code) => {
    expect(await consequenceAtLink(code)).toEqual(refusals[code]);
  });

  it('of an unknown code ends the stream, and the request is tried elsewhere', async () => {
    expect(await consequenceAtLink(9 as unknown as RefusalCode)).toEqual({ elsewhere: true, stays: false });
  });
});
