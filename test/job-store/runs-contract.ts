import type { FollowedLines, LineFollower } from '#services/store/run-store.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type NewPlace, type OpenedStore, openStore, textOf } from './support.js';

const LOG = 'events.jsonl';

async function linesOf(lines: AsyncIterable<string>): Promise<string[]> {
  const found = [];
  for await (const line of lines) found.push(line);
  return found;
}

/** All that a follower has to give for now. */
async function rest(follower: LineFollower): Promise<FollowedLines> {
  const first = await follower.next();
  const lines = [...first.lines];
  for (let more = first; more.lines.length > 0;) {
    more = await follower.next();
    lines.push(...more.lines);
  }
  return { from: first.from, lines };
}

const numbered = (from: number, to: number, mark = ''): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `{"sequence":${from + i}}${mark}`);

const HOSTILE_IDS = ['..', '.', '', '../a', '/etc', 'a/b', 'a\\b', 'a\0b', 'a.b', 'a'.repeat(200)];
const HOSTILE_NAMES = [
  '../2/spec.yaml',
  'checkpoints/../spec.yaml',
  '/etc/passwd',
  '.',
  '..',
  '',
  'spec.yaml/',
  '/spec.yaml',
  './spec.yaml',
  'checkpoints\\best.safetensors',
  'spec.yaml\0.svg',
  'checkpoints',
];

/** What holds of the runs of jobs in every store. */
export const describeRuns = (newPlace: NewPlace): void => {
  /** A store and, open, the run of job `a` under fence 1. */
  async function withRun(): Promise<OpenedStore & { run: ReturnType<OpenedStore['store']['run']> }> {
    const opened = await openStore(await newPlace());
    const run = opened.store.run('a', 1);
    await run.lock();
    onTestFinished(() => run.close());
    return { ...opened, run };
  }

  describe('a run', () => {
    it('has files of bytes that grow while others read them', async () => {
      const { run } = await withRun();
      const file = run.begin('growing.bin');
      await file.append(Buffer.from('one'));
      expect(Buffer.from(await run.read('growing.bin')).toString()).toBe('one');
      await file.append(Buffer.from('two'));
      expect(Buffer.from(await run.read('growing.bin')).toString()).toBe('onetwo');
      expect(file.bytes).toBe(6);
      expect(await run.list('.')).toEqual(['growing.bin']);
    });

    it('keeps files as a whole', async () => {
      const { run, store } = await withRun();
      expect(await run.list('.')).toEqual([]);
      await run.write('checkpoints/a.bin', [Buffer.from('one'), Buffer.from('two')]);
      await run.copy('checkpoints/a.bin', 'checkpoints/b.bin');
      await run.write('checkpoints/a.bin', [Buffer.from('new')]);
      await run.write('empty.txt', []);
      expect(Buffer.from(await run.read('checkpoints/a.bin')).toString()).toBe('new');
      expect(Buffer.from(await run.read('checkpoints/b.bin')).toString()).toBe('onetwo');
      expect((await run.list('checkpoints')).toSorted()).toEqual(['a.bin', 'b.bin']);
      expect(await store.files('a', 1)).toEqual([
        { name: 'checkpoints/a.bin', bytes: 3 },
        { name: 'checkpoints/b.bin', bytes: 6 },
        { name: 'empty.txt', bytes: 0 },
      ]);
      await run.remove('checkpoints/a.bin');
      await run.remove('checkpoints/a.bin');
      expect(await run.list('checkpoints')).toEqual(['b.bin']);
      await expect(run.read('checkpoints/a.bin')).rejects.toMatchObject({ code: 'STORE_READ_FAILED' });
      await expect(run.copy('checkpoints/a.bin', 'c.bin')).rejects.toMatchObject({
        code: 'STORE_WRITE_FAILED',
      });
    });

    it('keeps files of any size', async () => {
      const { run, store } = await withRun();
      const chunks = [11 << 20, 0, 9 << 20, 1].map((length, i) => new Uint8Array(length).fill(i + 1));
      await run.write('large.bin', chunks);
      expect(Buffer.compare(await run.read('large.bin'), Buffer.concat(chunks))).toBe(0);
      expect(await store.files('a', 1)).toEqual([{ name: 'large.bin', bytes: (20 << 20) + 1 }]);
    });

    it('keeps lines, over many appends and openings', async () => {
      const { run, store } = await withRun();
      const all = numbered(1, 3000, ' '.repeat(300));
      const log = await run.lines(LOG);
      await Promise.all(all.slice(0, 2000).map((line) => log.append(line)));
      expect(log.count).toBe(2000);
      await run.close();
      expect(await run.list('.')).toEqual([LOG]);
      await run.lock();
      const again = await run.lines(LOG);
      expect(again.count).toBe(2000);
      for (const line of all.slice(2000)) await again.append(line);
      await again.sync();
      expect(await linesOf(store.run('a', 1).readLines(LOG))).toEqual(all);
      const text = `${all.join('\n')}\n`;
      expect(await store.files('a', 1)).toEqual([{ name: LOG, bytes: text.length }]);
      expect(await textOf(await store.openFile('a', 1, LOG))).toBe(text);
      for (const start of [1, 300_000, text.length - 1, text.length]) {
        expect(await textOf(await store.openFile('a', 1, LOG, start))).toBe(text.slice(start));
      }
    });

    it.each([0, 1, 500, 833, 834, 1999, 2000, 2500])(
      'keeps the first %i lines when it is cut off',
      async (count) => {
        const { run } = await withRun();
        const all = numbered(1, 2000, ' '.repeat(300));
        const log = await run.lines(LOG);
        for (const line of all) await log.append(line);
        await log.truncate(count);
        const kept = all.slice(0, count);
        expect(log.count).toBe(kept.length);
        await log.sync();
        expect(await linesOf(run.readLines(LOG))).toEqual(kept);
        await log.append('{"after":1}');
        await run.close();
        const again = await run.lines(LOG);
        expect(again.count).toBe(kept.length + 1);
        expect(await linesOf(run.readLines(LOG))).toEqual([...kept, '{"after":1}']);
      },
    );
  });

  describe('a follower', () => {
    it('gives each line once, from before the file is there on', async () => {
      const { run, store } = await withRun();
      const follower = store.run('a', 1).follow(LOG);
      expect(await follower.next()).toEqual({ from: 0, lines: [] });
      const log = await run.lines(LOG);
      let given = 0;
      for (const upTo of [1, 2, 40, 900, 2500, 2501]) {
        const lines = numbered(given + 1, upTo, ' '.repeat(300));
        for (const line of lines) await log.append(line);
        await log.sync();
        expect(await rest(follower)).toEqual({ from: given, lines });
        given = upTo;
        expect(await follower.next()).toEqual({ from: given, lines: [] });
      }
      await log.append('a line of µ, 𝛍 and "\\n"');
      await log.append('');
      await log.append('y'.repeat(3 << 20));
      await log.sync();
      expect((await rest(follower)).lines).toEqual(['a line of µ, 𝛍 and "\\n"', '', 'y'.repeat(3 << 20)]);
    });

    it('sees what was appended soon, without a sync', async () => {
      const { run, store } = await withRun();
      const follower = store.run('a', 1).follow(LOG);
      await (await run.lines(LOG)).append('{"sequence":1}');
      await expect
        .poll(() => follower.next(), { timeout: 10_000 })
        .toEqual({
          from: 0,
          lines: ['{"sequence":1}'],
        });
    });

    it.each([
      [3000, 2990, 2995],
      [3000, 2990, 3100],
      [3000, 100, 3100],
      [3000, 0, 10],
      [3000, 0, 0],
      [10, 5, 5],
    ])('goes back where %i lines are cut to %i and then are %i', async (first, cut, then) => {
      const { run, store } = await withRun();
      const log = await run.lines(LOG);
      const follower = store.run('a', 1).follow(LOG);
      const old = numbered(1, first, ' '.repeat(300));
      for (const line of old) await log.append(line);
      await log.sync();
      expect((await rest(follower)).lines).toEqual(old);
      await log.truncate(cut);
      const added = numbered(cut + 1, then, '-'.repeat(300));
      for (const line of added) await log.append(line);
      await log.sync();
      const { from, lines } = await rest(follower);
      // It may go back further than it must, but not much.
      expect(from).toBeLessThanOrEqual(cut);
      expect(from).toBeGreaterThan(cut - 1000);
      expect([...old.slice(0, from), ...lines]).toEqual([...old.slice(0, cut), ...added]);
      expect(await follower.next()).toEqual({ from: then, lines: [] });
    });
  });

  describe('a forked run', () => {
    it('is a copy that goes its own way, in place of what was there', async () => {
      const { run, store } = await withRun();
      await run.write('spec.yaml', [Buffer.from('name: job\n')]);
      await run.write('checkpoints/best.bin', [Buffer.from('best')]);
      const log = await run.lines(LOG);
      const all = numbered(1, 2000, ' '.repeat(300));
      for (const line of all) await log.append(line);
      await log.sync();
      await store.run('a', 2).write('old.svg', [Buffer.from('<svg/>')]);

      await store.forkRun('a', 1, 2);
      const names = ['checkpoints/best.bin', LOG, 'spec.yaml'];
      expect((await store.files('a', 2)).map(({ name }) => name)).toEqual(names);
      const fork = store.run('a', 2);
      await fork.lock();
      onTestFinished(() => fork.close());
      const forked = await fork.lines(LOG);
      await forked.truncate(3);
      await forked.append('{"fork":2}');
      await forked.sync();
      await fork.write('checkpoints/best.bin', [Buffer.from('new best')]);
      await log.append('{"sequence":2001}');
      await log.sync();
      expect(await linesOf(fork.readLines(LOG))).toEqual([...all.slice(0, 3), '{"fork":2}']);
      expect(await linesOf(run.readLines(LOG))).toEqual([...all, '{"sequence":2001}']);
      expect(Buffer.from(await run.read('checkpoints/best.bin')).toString()).toBe('best');
      expect(Buffer.from(await fork.read('checkpoints/best.bin')).toString()).toBe('new best');

      await store.forkRun('a', 7, 8);
      expect(await store.files('a', 8)).toEqual([]);
      // Whoever took the job up meanwhile has his run under a higher fence.
      await store.forkRun('a', 2, 12);
      await store.removeEarlierRuns('a', 2);
      expect(await store.files('a', 1)).toEqual([]);
      for (const fence of [2, 12]) {
        expect((await store.files('a', fence)).map(({ name }) => name)).toEqual(names);
      }
      await store.removeEarlierRuns('b', 2);
    });
  });

  describe('names from outside', () => {
    it.each(HOSTILE_IDS)('of jobs are known for what they are: %j', async (id) => {
      const place = await newPlace();
      const { store } = await openStore(place);
      expect(await store.read(id)).toBeNull();
      expect(await store.files(id, 1)).toEqual([]);
      expect(await store.openFile(id, 1, 'spec.yaml')).toBeNull();
      expect(await store.remove(id, 1)).toBe(false);
      expect(() => store.run(id, 1)).toThrow(expect.objectContaining({ code: 'JOB_UNKNOWN' }) as Error);
      await expect(store.forkRun(id, 1, 2)).rejects.toMatchObject({ code: 'JOB_UNKNOWN' });
      expect(await place.keys()).toEqual([]);
    });

    it('of files name no other files', async () => {
      const { run, store } = await withRun();
      for (const name of ['spec.yaml', 'checkpoints/best.safetensors']) {
        await run.write(name, [Buffer.from('x')]);
        await store.run('a', 2).write(name, [Buffer.from('y')]);
      }
      for (const name of HOSTILE_NAMES) expect(await store.openFile('a', 1, name), name).toBeNull();
      for (const fence of [-1, 1.5, Infinity, NaN]) {
        expect(await store.openFile('a', fence, 'spec.yaml')).toBeNull();
        expect(() => store.run('a', fence)).toThrow();
      }
      expect(await textOf(await store.openFile('a', 1, 'checkpoints/best.safetensors'))).toBe('x');
    });
  });
};
