import { RecordVersions } from '#services/store/record-versions.js';
import { FolderObjects } from '#services/store/objects/folder-objects.js';
import { describe, expect, it } from 'vitest';
import { failureOf, temporaryFolder } from '../store/support.js';
import { newRecord } from './support.js';

/** Does something else right after an object was created, before its writer goes on. */
class InterruptedObjects extends FolderObjects {
  afterCreate: () => Promise<void> = () => Promise.resolve();

  override async create(key: string, bytes: Uint8Array): Promise<boolean> {
    const created = await super.create(key, bytes);
    await this.afterCreate();
    return created;
  }
}

async function twoWriters() {
  const folder = await temporaryFolder();
  const objects = new InterruptedObjects(folder);
  const unexpected = (problem: Error): never => {
    throw problem;
  };
  const now = (): Date => new Date();
  const slow = new RecordVersions(objects, unexpected, now);
  const quick = new RecordVersions(new FolderObjects(folder), unexpected, now);
  /** Replaces the record so many times. */
  const follow = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i += 1) {
      const { record, version } = (await quick.read('a'))!;
      const next = { ...record, ticket: record.ticket + 1 };
      expect((await quick.replace(next, version))?.version).toBe(version + 1);
    }
  };
  return { objects, slow, quick, follow };
}

describe('a writer of a record that stops between writing and looking', () => {
  it.each([1, 2, 20])('has won though %i others have followed it', async (times) => {
    const { objects, slow, quick, follow } = await twoWriters();
    objects.afterCreate = () => follow(times);
    expect(await slow.create(newRecord('a'))).toBe(true);
    const { version } = (await quick.read('a'))!;
    expect(version).toBe(1 + times);
    const own = await slow.replace({ ...newRecord('a'), ticket: 1 + times + 1 }, version);
    expect(own?.version).toBe(version + 1);
    expect(await quick.read('a')).toMatchObject({
      version: 2 + 2 * times,
      record: { ticket: 2 + 2 * times },
    });
  });

  it('has lost where its number was free again, whatever others do meanwhile', async () => {
    const { objects, slow, quick, follow } = await twoWriters();
    await slow.create(newRecord('a'));
    for (const times of [0, 1, 5]) {
      await slow.read('a');
      const { version } = (await slow.read('a'))!;
      await follow(3);
      const before = await quick.read('a');
      objects.afterCreate = () => follow(times);
      expect(await slow.replace({ ...newRecord('a'), ticket: 99 }, version)).toBeNull();
      expect((await quick.read('a'))!.version).toBe(before!.version + times);
      expect((await quick.read('a'))!.record.ticket).toBe(before!.record.ticket + times);
    }
  });

  it('and dies there has done no harm', async () => {
    const { objects, slow, quick, follow } = await twoWriters();
    await slow.create(newRecord('a'));
    await follow(3);
    objects.afterCreate = () => Promise.reject(new Error('killed'));
    expect(await failureOf(slow.replace({ ...newRecord('a'), ticket: 99 }, 1))).toEqual(new Error('killed'));
    expect(await objects.list('records/')).toHaveLength(2);
    expect(await quick.read('a')).toMatchObject({ version: 4, record: { ticket: 4 } });
    // Nor has one that it makes others see: they are refused as it would be.
    expect(await quick.replace({ ...newRecord('a'), ticket: 99 }, 2)).toBeNull();
    await follow(1);
    expect(await objects.list('records/')).toEqual(['records/a.00000005.json']);
  });

  it('has lost against a removal', async () => {
    const { objects, slow, quick } = await twoWriters();
    await slow.create(newRecord('a'));
    const removed: boolean[] = [];
    objects.afterCreate = async () => void removed.push(await quick.remove('a', 2));
    // It was written before the job was removed, and is so with it.
    expect((await slow.replace({ ...newRecord('a'), ticket: 2 }, 1))?.version).toBe(2);
    expect(removed).toEqual([true]);
    expect(await slow.read('a')).toBeNull();
    expect(await slow.replace({ ...newRecord('a'), ticket: 3 }, 2)).toBeNull();
    expect(await slow.list()).toEqual([]);
  });

  it('has removed nothing where its number was free again', async () => {
    const { objects, slow, quick, follow } = await twoWriters();
    await slow.create(newRecord('a'));
    for (const times of [0, 1, 5]) {
      const { version } = (await slow.read('a'))!;
      await follow(3);
      const before = (await quick.read('a'))!.version;
      objects.afterCreate = () => follow(times);
      expect(await slow.remove('a', version)).toBe(false);
      expect((await quick.read('a'))!.version).toBe(before + times);
      expect((await slow.read('a'))!.version).toBe(before + times);
    }
  });
});
