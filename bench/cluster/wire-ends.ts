import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Stopwatch } from '../../coordinator/stopwatch.js';
import { deferred, type Deferred } from '../../coordinator/pool/deferred.js';
import type { Matrix } from '../../core/matrix.js';
import type { Channel, Receiver } from '../../services/rpc/channel.js';
import type { CoordinatorMessage, WorkerMessage } from '../../services/rpc/messages.js';
import { listen } from '../../services/rpc/worker-server.js';
import { plainText } from '../../services/security/transport-security.js';
import { uniformMatrix } from '../data.js';
import type { LayerShape } from '../shapes.js';
import { RawPeer } from './raw-peer.js';
import { bytesOf, type Direction, type WireLoad } from './wire-load.js';

const program = fileURLToPath(new URL('wire-peer.js', import.meta.url));

interface Problem {
  readonly inputs: Matrix<Float32Array>;
  readonly displacement: Matrix<Float32Array>;
  readonly weights: LayerShape;
}

/** The coordinator's end of a channel and of a bare socket to a process that answers at once. */
export class WireEnds {
  readonly #answers = new Map<number, Deferred<void>>();
  #channel: Channel<CoordinatorMessage> | null = null;
  #raw: RawPeer | null = null;
  #requests = 0;
  #close: () => Promise<void> = () => Promise.resolve();

  static async open(): Promise<WireEnds> {
    const ends = new WireEnds();
    const joined = deferred<Channel<CoordinatorMessage>>();
    const server = await listen({
      address: '127.0.0.1:0',
      security: plainText,
      onWorker: (_, attach) => joined.resolve(attach(ends.#receiver)),
      onRefused: (_, error) => joined.reject(error),
    });
    const raw = createServer().listen(0, '127.0.0.1');
    await once(raw, 'listening');
    const connected = once(raw, 'connection');
    const { port } = raw.address() as AddressInfo;
    const peer = spawn(process.execPath, [program, server.address, String(port)], { stdio: 'inherit' });
    const ended = once(peer, 'exit');
    ends.#close = async () => {
      ends.#channel?.close();
      await ended;
      await server.close();
      raw.close();
    };
    try {
      ends.#channel = await joined.promise;
      const [socket] = (await connected) as [Socket];
      ends.#raw = new RawPeer(socket);
      return ends;
    } catch (error) {
      peer.kill();
      await ends.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#close();
  }

  readonly #receiver: Receiver<WorkerMessage> = {
    onMessage: (message, receive) => {
      if (message.message !== 'solved') return;
      const { request, weights, bias } = message.solved;
      const answer = this.#answers.get(request)!;
      void Promise.all([receive(weights!), receive(bias!)]).then(() => answer.resolve(), answer.reject);
    },
    onEnd: () => undefined,
  };

  /** Something that sends the problems of all layers and takes their weights. */
  channelTask({ batch, layers }: WireLoad, direction: Direction): () => Promise<number> {
    const problems = layers.map(({ inputs, units }): Problem => {
      const rows = direction === 'up' ? 1 : batch;
      return {
        inputs: uniformMatrix('inputs', rows, inputs, 1),
        displacement: uniformMatrix('displacement', rows, units, 1),
        weights: direction === 'down' ? { inputs: 1, units: 1 } : { inputs, units },
      };
    });
    return async () => {
      const watch = new Stopwatch();
      await Promise.all(problems.map((problem) => this.#solve(problem)));
      return watch.lap();
    };
  }

  async #solve({ inputs, displacement, weights }: Problem): Promise<void> {
    const channel = this.#channel!;
    const request = ++this.#requests;
    const answer: Deferred<void> = deferred();
    this.#answers.set(request, answer);
    const [x, r] = [
      channel.outgoing(inputs, 'ELEMENT_TYPE_F32'),
      channel.outgoing(displacement, 'ELEMENT_TYPE_F32'),
    ];
    const scalars = { values: { rows: weights.inputs, columns: weights.units } };
    const fields = { part: 1, step: 1, attempt: 1, passes: [], updates: 0, scalars };
    const solve = { request, ...fields, inputs: x.header, displacement: r.header };
    await channel.send({ message: 'solve', solve }, [x, r]);
    await answer.promise;
    this.#answers.delete(request);
  }

  /** Something that sends as many bytes both ways over the bare socket. */
  rawTask(load: WireLoad, direction: Direction): () => Promise<number> {
    const { down, up } = bytesOf(load, direction);
    return async () => {
      const watch = new Stopwatch();
      // The end is told by a byte that comes back.
      await this.#raw!.exchange(Math.max(1, down), Math.max(1, up));
      return watch.lap();
    };
  }
}
