#!/usr/bin/env node
import { connect } from 'node:net';
import { collectGarbageLessOften } from '../../cli/garbage-collection.js';
import type { Channel } from '../../services/rpc/channel.js';
import type { Solve, WorkerMessage } from '../../services/rpc/messages.js';
import { PROTOCOL } from '../../services/rpc/messages.js';
import { dial } from '../../services/rpc/worker-client.js';
import { plainText } from '../../services/security/transport-security.js';
import { RawPeer } from './raw-peer.js';

/*
 * The other end of what the wire section measures: it answers problems with weights of their shape, and
 * the bytes of a bare socket with as many as it is told, and computes nothing.
 */

collectGarbageLessOften();

const [rpcAddress = '', rawPort = ''] = process.argv.slice(2);

/** Weights by their size: what is measured is not how memory is taken. */
const kept = new Map<number, Float32Array>();

const zeros = (length: number): Float32Array => {
  const known = kept.get(length) ?? new Float32Array(length);
  kept.set(length, known);
  return known;
};

async function answer(channel: Channel<WorkerMessage>, solve: Solve): Promise<void> {
  const { request, scalars } = solve;
  const { rows = 1, columns = 1 } = scalars?.values ?? {};
  const outgoing = (count: number) =>
    channel.outgoing({ rows: count, columns, data: zeros(count * columns) }, 'ELEMENT_TYPE_F32');
  const [weights, bias] = [outgoing(rows), outgoing(1)];
  const solved = {
    request,
    weights: weights.header,
    bias: bias.header,
    displacementEnergy: 0,
    finite: true,
    seconds: 0,
    repeated: false,
  };
  await channel.send({ message: 'solved', solved }, [weights, bias]);
}

const channel = await dial({
  address: rpcAddress,
  security: plainText,
  receiver: {
    onMessage: (message, receive) => {
      if (message.message !== 'solve') return;
      const { solve } = message;
      void Promise.all([receive(solve.inputs!), receive(solve.displacement!)]).then(() =>
        answer(channel, solve),
      );
    },
    onEnd: () => process.exit(),
  },
});
await channel.send({
  message: 'hello',
  hello: {
    protocol: PROTOCOL,
    name: 'peer',
    version: '',
    host: '',
    pid: process.pid,
    engine: '',
    engineDescription: '',
    threads: 1,
    memoryBytes: 1,
    gflops: 1,
  },
});
new RawPeer(connect(Number(rawPort), '127.0.0.1')).serve();
