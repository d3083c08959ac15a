import { isChunk, MAX_CHUNK_HEADER_BYTES, readChunk, writeChunkHeader } from '#services/rpc/chunk-codec.js';
import { coordinatorCodec, packageDefinition } from '#services/rpc/definition.js';
import type { TensorChunk } from '#services/rpc/messages.js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { newSeed, numbers } from './support.js';

const { Attach } = packageDefinition['locoprop.v1.Workers'] as ServiceDefinition;
const general = {
  write: (chunk: object): Buffer => Attach!.requestSerialize({ chunk }),
  read: (bytes: Buffer) => Attach!.requestDeserialize(bytes) as { message: string; chunk: TensorChunk },
};

function written(id: number, offset: number, data: Uint8Array): Buffer {
  const target = Buffer.alloc(MAX_CHUNK_HEADER_BYTES + data.length, 0xaa);
  target.set(data, MAX_CHUNK_HEADER_BYTES);
  const chunk = { id, offset, crc32: crc32(data), length: data.length };
  return target.subarray(writeChunkHeader(target, MAX_CHUNK_HEADER_BYTES, chunk));
}

describe('a chunk by hand', () => {
  const random = numbers(newSeed());
  const sizes = [1, 2, 3, 90, 100, 101, 102, 103, 104, 127, 128, 16_350, 16_360, 16_370, 16_384, 2 ** 20];
  const cases = sizes.flatMap((length) =>
    [0, 1, 127, 128, 2 ** 31, 2 ** 32 + 5, 2 ** 53 - 1].map((id) => {
      const data = Uint8Array.from({ length: Math.min(length, 20_000) }, () => Math.floor(random() * 256));
      return { id, offset: Math.floor(random() * 2 ** 40), data };
    }),
  );

  it('is read by the general codec, with entries that gRPC frames at a multiple of four', () => {
    for (const { id, offset, data } of cases) {
      const bytes = written(id, offset, data);
      const { message, chunk } = general.read(bytes);
      expect([message, chunk.id, chunk.offset, chunk.crc32]).toEqual(['chunk', id, offset, crc32(data)]);
      expect(Buffer.compare(chunk.data, data)).toBe(0);
      expect((bytes.length - data.length + 5) % 4).toBe(0);
    }
  });

  it('is read without a copy, from the general codec too', () => {
    for (const { id, offset, data } of cases) {
      const chunk = { id, offset, crc32: crc32(data), data };
      for (const bytes of [written(id, offset, data), general.write(chunk)]) {
        const read = readChunk(bytes);
        expect(read).toMatchObject({ id, offset, crc32: chunk.crc32 });
        expect(read!.data.buffer).toBe(bytes.buffer);
        expect(Buffer.compare(read!.data, data)).toBe(0);
        expect(isChunk(bytes)).toBe(true);
      }
    }
  });

  it('of other programs is left to the general codec: another order, unknown fields, long varints', () => {
    const fields = {
      id: [0x08, 5],
      offset: [0x10, 9],
      crc: [0x1d, 1, 2, 3, 4],
      data: [0x82, 0x01, 2, 7, 8],
      unknown: [0xa0, 0x06, 1],
      longId: [0x08, 0x85, 0x80, 0x00],
    };
    const orders: (keyof typeof fields)[][] = [
      ['data', 'crc', 'offset', 'id'],
      ['id', 'unknown', 'offset', 'crc', 'data'],
      ['id', 'offset', 'crc', 'data', 'unknown'],
      ['longId', 'offset', 'crc', 'data'],
    ];
    for (const order of orders) {
      const inner = order.flatMap((name) => fields[name]);
      const message = coordinatorCodec.decode(Buffer.from([0x7a, inner.length, ...inner]));
      expect(message).toMatchObject({ message: 'chunk', chunk: { id: 5, offset: 9, crc32: 0x04030201 } });
      expect(message?.message === 'chunk' && [...message.chunk.data]).toEqual([7, 8]);
    }
  });
});
