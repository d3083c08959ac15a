import { LocopropError } from '#core/errors/error.js';
import { exactRoutine } from '#core/exact.js';
import { compileRoutine } from '#core/expression/routine.js';
import { readChunk } from '#services/rpc/chunk-codec.js';
import { coordinatorCodec, workerCodec } from '#services/rpc/definition.js';
import { IncomingTensors } from '#services/rpc/incoming-tensors.js';
import { encodeRoutine } from '#services/rpc/routine-codec.js';
import { decodeRoutine } from '#services/rpc/routine-decode.js';
import { headersOf } from '#services/rpc/tensor-headers.js';
import { expect, it } from 'vitest';
import { helloOf, newSeed, numbers, solveOf, stateOf } from './support.js';

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 10);

it(
  'any change of a message gives a message or an error, and soon',
  { timeout: seconds * 2000 + 30_000 },
  () => {
    const random = numbers(newSeed());
    const pick = (bound: number): number => Math.floor(random() * bound);
    const header = { id: 1, rows: 3, columns: 4, type: 'ELEMENT_TYPE_F32' } as const;
    const load = {
      ...{
        request: 1,
        part: 2,
        layer: 0,
        start: 0,
        end: 4,
        routine: encodeRoutine(exactRoutine),
        exact: true,
      },
      ...{ step: 1, updates: 1, weights: header, bias: { ...header, id: 2 }, weightSlots: {}, biasSlots: {} },
      ...{ batch: 10, resultType: 'ELEMENT_TYPE_BF16' as const },
    };
    const chunk = { message: 'chunk', chunk: { id: 1, offset: 0, crc32: 0, data: Buffer.alloc(48) } };
    const seeds = [
      workerCodec.encode(helloOf('w')),
      workerCodec.encode(stateOf({ a: header, b: { ...header, id: 2 } })),
      workerCodec.encode(chunk as never),
      coordinatorCodec.encode(solveOf(header)),
      coordinatorCodec.encode({ message: 'load', load }),
    ];
    const until = performance.now() + seconds * 1000;
    let slowest = 0;
    for (let round = 0; performance.now() < until; round += 1) {
      const bytes = Buffer.from(seeds[pick(seeds.length)]!);
      for (let change = pick(6); change >= 0; change -= 1) bytes[pick(bytes.length)] = pick(256);
      const cut = bytes.subarray(0, pick(4) === 0 ? pick(bytes.length) : bytes.length);
      const started = performance.now();
      readChunk(cut);
      for (const codec of [workerCodec, coordinatorCodec]) {
        let message;
        try {
          message = codec.decode(cut);
        } catch (error) {
          // What the general codec throws; a channel makes it an error of the catalogue.
          expect(error).toBeInstanceOf(Error);
          continue;
        }
        if (!message) continue;
        try {
          const incoming = new IncomingTensors('peer');
          if (message.message === 'chunk') {
            incoming.announce([header]);
            incoming.add(message.chunk);
          } else if (message.message !== 'fault') {
            incoming.announce(headersOf(message));
          }
          if (message.message === 'load' && message.load.routine) {
            compileRoutine(decodeRoutine(message.load.routine, 'peer'));
          }
        } catch (error) {
          if (!(error instanceof LocopropError)) throw error;
        }
      }
      slowest = Math.max(slowest, performance.now() - started);
    }
    expect(slowest).toBeLessThan(20_000);
  },
);
