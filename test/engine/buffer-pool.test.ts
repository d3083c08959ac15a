import { BufferPool } from '#engine/onnx/buffer-pool.js';
import { describe, expect, it } from 'vitest';

describe('a pool of buffers', () => {
  it('lends again what came back, size by size', () => {
    const pool = new BufferPool();
    const [small, large] = [pool.take(2), pool.take(3)];
    pool.give(small);
    pool.give(large);
    expect([pool.take(3), pool.take(2)]).toEqual([large, small]);
    expect(pool.take(2)).not.toBe(small);
  });

  it('keeps no more of a size than it lent at once, whoever made them, and frees the others', () => {
    const pool = new BufferPool();
    pool.take(4);
    const uploaded = Array.from({ length: 3 }, () => new Float32Array(4));
    for (const buffer of uploaded) pool.give(buffer);
    expect(uploaded.map(({ byteLength }) => byteLength)).toEqual([16, 0, 0]);
    expect(pool.take(4)).toBe(uploaded[0]);
  });

  it('keeps no more bytes than it may', () => {
    const pool = new BufferPool(16);
    const taken = [pool.take(4), pool.take(4)];
    for (const buffer of taken) pool.give(buffer);
    expect(taken.map(({ byteLength }) => byteLength)).toEqual([16, 0]);
    pool.take(4);
    const other = new Float32Array(4);
    pool.give(other);
    expect(other.byteLength).toBe(16);
    const foreign = new Float32Array(4);
    pool.give(foreign);
    expect(foreign.byteLength).toBe(0);
  });
});
