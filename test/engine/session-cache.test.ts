import { SessionCache } from '#engine/graph/session-cache.js';
import { describe, expect, it } from 'vitest';

interface Session {
  readonly key: string;
}

function cacheOf(limitBytes: number): {
  use: (key: string, bytes?: number) => Promise<Session>;
  made: string[];
  disposed: string[];
  cache: SessionCache<Session>;
} {
  const made: string[] = [];
  const disposed: string[] = [];
  const cache = new SessionCache<Session>(({ key }) => {
    disposed.push(key);
    return Promise.resolve();
  }, limitBytes);
  const use = (key: string, bytes = 1): Promise<Session> =>
    cache.get(key, () => {
      made.push(key);
      return Promise.resolve({ value: { key }, bytes });
    });
  return { use, made, disposed, cache };
}

describe('the cache of sessions', () => {
  it('makes a session once', async () => {
    const { use, made } = cacheOf(10);
    expect(await use('a')).toBe(await use('a'));
    expect(made).toEqual(['a']);
  });

  it('drops those that were unused for longest when memory runs out', async () => {
    const { use, disposed, cache } = cacheOf(3);
    for (const key of ['a', 'b', 'c', 'a', 'd']) await use(key);
    expect(disposed).toEqual(['b']);
    await use('large', 3);
    expect(disposed).toEqual(['b', 'c', 'a', 'd']);
    expect(cache.size).toBe(1);
  });

  it('keeps the session in use though it is larger than the limit', async () => {
    const { use, disposed, cache } = cacheOf(3);
    expect((await use('huge', 100)).key).toBe('huge');
    expect([disposed, cache.size]).toEqual([[], 1]);
  });

  it('keeps nothing of a session that could not be made', async () => {
    const { cache, use } = cacheOf(3);
    const failing = cache.get('a', () => Promise.reject(new Error('no such operator')));
    await expect(failing).rejects.toThrow('no such operator');
    expect((await use('a')).key).toBe('a');
  });

  it('disposes of everything when it is cleared', async () => {
    const { use, disposed, cache } = cacheOf(3);
    await use('a');
    await use('b');
    await cache.clear();
    expect([disposed, cache.size]).toEqual([['a', 'b'], 0]);
  });
});
