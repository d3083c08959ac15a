import { describe, expect, it } from 'vitest';
import { type NewPlace, newRecord, openStore } from './support.js';

const DAY_MS = 24 * 3600 * 1000;

/** What holds of the records in every store of jobs. */
export const describeRecords = (newPlace: NewPlace): void => {
  describe('a record', () => {
    it('is there once it was created, and only one of its id', async () => {
      const place = await newPlace();
      const { store } = await openStore(place);
      const { store: other } = await openStore(place);
      expect(await store.read('a')).toBeNull();
      const created = await Promise.all([store, other, store].map((one) => one.create(newRecord('a'))));
      expect(created.filter(Boolean)).toHaveLength(1);
      for (const one of [store, other]) {
        expect(await one.read('a')).toEqual({ record: newRecord('a'), version: 1 });
      }
      expect((await store.replace({ ...newRecord('a'), ticket: 2 }, 1))?.version).toBe(2);
      expect(await other.create(newRecord('a'))).toBe(false);
      expect((await other.read('a'))?.record.ticket).toBe(2);
    });

    it('is followed by one of those who follow the same version', async () => {
      const place = await newPlace();
      const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(place)));
      await stores[0]!.store.create(newRecord('a'));
      for (let version = 1; version <= 5; version += 1) {
        const results = await Promise.all(
          stores.map(({ store }, i) => store.replace({ ...newRecord('a'), ticket: i }, version)),
        );
        const won = results.filter((result) => result !== null);
        expect(won).toHaveLength(1);
        for (const { store } of stores) expect(await store.read('a')).toEqual(won[0]);
      }
      expect(stores.flatMap(({ problems }) => problems)).toEqual([]);
      expect(await place.keys()).toEqual(['records/a.00000006.json']);
    });

    it('is not followed by one who has slept, though the number is free again', async () => {
      const place = await newPlace();
      const { store: sleeper } = await openStore(place);
      const { store: other } = await openStore(place);
      await sleeper.create(newRecord('a'));
      for (let version = 1; version < 6; version += 1) {
        await other.replace({ ...newRecord('a'), ticket: version + 1 }, version);
      }
      expect(await sleeper.replace({ ...newRecord('a'), ticket: 99 }, 1)).toBeNull();
      expect(await sleeper.replace({ ...newRecord('a'), ticket: 99 }, 4)).toBeNull();
      expect(await other.replace({ ...newRecord('a'), ticket: 99 }, 7)).toBeNull();
      expect(await sleeper.read('a')).toMatchObject({ version: 6, record: { ticket: 6 } });
      expect(await place.keys()).toEqual(['records/a.00000006.json']);
    });

    it('of an older version is read as one of today', async () => {
      const place = await newPlace();
      const { store } = await openStore(place);
      const { reached: _, vanished: __, ...older } = newRecord('a');
      const stored = { write: 'x', lineage: [], record: older, removedAt: null };
      await place.put('records/a.00000001.json', JSON.stringify(stored));
      expect((await store.read('a'))?.record).toEqual(newRecord('a'));
    });

    it('that cannot be read is told of once, and stops no other', async () => {
      const place = await newPlace();
      const { store, problems } = await openStore(place);
      for (const id of ['a', 'b', 'c', 'd']) await store.create(newRecord(id));
      await place.put('records/b.00000002.json', '{"half');
      await place.put('records/c.00000002.json', '{"write":"x","lineage":[],"record":{},"removedAt":null}');
      const moved = { write: 'x', lineage: [], record: newRecord('a'), removedAt: null };
      await place.put('records/d.00000002.json', JSON.stringify(moved));
      for (let round = 0; round < 3; round += 1) {
        expect((await store.list()).map(({ record }) => record.id)).toEqual(['a']);
      }
      expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['STORE_RECORD_DAMAGED']));
      expect(
        problems
          .map(({ details }) => String(details.file).slice(-'records/b.00000002.json'.length))
          .toSorted(),
      ).toEqual(['b', 'c', 'd'].map((id) => `records/${id}.00000002.json`));
      await expect(store.read('b')).rejects.toMatchObject({ code: 'STORE_RECORD_DAMAGED' });
      await expect(store.remove('b', 1)).rejects.toMatchObject({ code: 'STORE_RECORD_DAMAGED' });
    });
  });

  describe('the list of records', () => {
    it('has the newest of each, also what others wrote, and reads only what has changed', async () => {
      const place = await newPlace();
      const { store } = await openStore(place);
      const { store: other } = await openStore(place);
      expect(await store.list()).toEqual([]);
      for (const id of ['a', 'b', 'c']) await other.create(newRecord(id));
      const first = await store.list();
      expect(first).toHaveLength(3);
      await other.replace({ ...newRecord('b'), ticket: 7 }, 1);
      expect(await other.remove('c', 1)).toBe(true);
      const second = await store.list();
      const byId = new Map(second.map((one) => [one.record.id, one]));
      expect([...byId.keys()].toSorted()).toEqual(['a', 'b']);
      expect(byId.get('b')).toMatchObject({ version: 2, record: { ticket: 7 } });
      // What has not changed is the very object that was read before.
      expect(byId.get('a')?.record).toBe(first.find(({ record }) => record.id === 'a')?.record);
    });
  });

  describe('a removed job', () => {
    it('is gone with its runs, for everyone and for good', async () => {
      const place = await newPlace();
      const { store } = await openStore(place);
      const { store: other } = await openStore(place);
      await store.create(newRecord('a'));
      await store.create(newRecord('ab'));
      await other.replace({ ...newRecord('a'), ticket: 2 }, 1);
      for (const id of ['a', 'ab']) await store.run(id, 1).write('spec.yaml', [Buffer.from('name: job\n')]);
      expect(await store.remove('a', 2)).toBe(true);
      for (const version of [1, 2, 3]) expect(await store.remove('a', version)).toBe(false);
      expect(await store.remove('unknown', 1)).toBe(false);
      for (const one of [store, other]) {
        expect(await one.read('a')).toBeNull();
        expect((await one.list()).map(({ record }) => record.id)).toEqual(['ab']);
        expect(await one.files('a', 1)).toEqual([]);
        expect(await one.replace(newRecord('a'), 1)).toBeNull();
        expect(await one.replace(newRecord('a'), 2)).toBeNull();
        expect(await one.replace(newRecord('a'), 3)).toBeNull();
        expect(await one.create(newRecord('a'))).toBe(false);
      }
      expect(await store.files('ab', 1)).toHaveLength(1);
    });

    it('is of the version that was to be removed, else it stays with its runs', async () => {
      const place = await newPlace();
      const { store } = await openStore(place);
      const { store: other } = await openStore(place);
      await store.create(newRecord('a'));
      await store.run('a', 1).write('spec.yaml', [Buffer.from('name: job\n')]);
      await other.replace({ ...newRecord('a'), ticket: 2 }, 1);
      expect(await store.remove('a', 1)).toBe(false);
      expect(await other.remove('a', 1)).toBe(false);
      expect(await other.remove('a', 3)).toBe(false);
      for (const one of [store, other]) {
        expect(await one.read('a')).toMatchObject({ version: 2, record: { ticket: 2 } });
        expect(await one.files('a', 1)).toHaveLength(1);
      }
      const removals = await Promise.all([store, other].map((one) => one.remove('a', 2)));
      expect(removals.filter(Boolean)).toHaveLength(1);
      expect(await place.keys()).toEqual(['records/a.00000003.json']);
    });

    it('leaves nothing after a week, not even what one who was cut off has written since', async () => {
      const place = await newPlace();
      let now = Date.now();
      const clock = (): Date => new Date(now);
      const { store } = await openStore(place, { clock });
      const { store: other } = await openStore(place);
      await store.create(newRecord('a'));
      await other.list();
      await store.remove('a', 1);
      await store.run('a', 1).write('late.svg', [Buffer.from('<svg/>')]);
      const removeAnother = async (id: string): Promise<void> => {
        await store.create(newRecord(id));
        await store.remove(id, 1);
      };
      now += 6 * DAY_MS;
      await removeAnother('b');
      const ofB = 'records/b.00000002.json';
      expect((await place.keys()).filter((key) => key !== ofB)).toHaveLength(2);
      now += 2 * DAY_MS;
      await removeAnother('c');
      const left = [ofB, 'records/c.00000002.json'];
      expect((await place.keys()).toSorted()).toEqual(left);
      // Whoever has slept for longer still has nothing to follow.
      expect(await other.replace(newRecord('a'), 1)).toBeNull();
      expect(await store.list()).toEqual([]);
      expect((await place.keys()).toSorted()).toEqual(left);
    });
  });
};
