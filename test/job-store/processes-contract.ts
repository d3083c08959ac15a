import { readEvents } from '#services/store/run-events.js';
import { Run } from '#services/store/run.js';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { newSeed, numbers } from '../store/support.js';
import { type NewPlace, newRecord, openStore, startWriter } from './support.js';

const RACERS = 4;
const WINS = 25;
const MAX_DELAY_MS = 150;
const FORKS = 8;

/** What holds where several processes are at work, and die. */
export const describeProcesses = (newPlace: NewPlace, kills: number): void => {
  describe('several processes', () => {
    it('that replace the same record win each version once', async () => {
      const place = await newPlace();
      const { store } = await openStore(place);
      await store.create(newRecord('a'));
      const racers = Array.from({ length: RACERS }, () =>
        startWriter('race', place.location, 'a', String(WINS)),
      );
      const lines = (await Promise.all(racers.map((racer) => racer.lines(0)))).flat();
      const won = lines.map((line) => line.split(' ').map(Number)).toSorted((a, b) => a[0]! - b[0]!);
      // Version n was built on version n - 1, every time: no count was lost.
      expect(won).toEqual(Array.from({ length: RACERS * WINS }, (_, i) => [i + 2, i + 2]));
      expect(await store.read('a')).toMatchObject({ version: RACERS * WINS + 1 });
      expect(await place.keys()).toEqual([`records/a.${String(RACERS * WINS + 1).padStart(8, '0')}.json`]);
    });
  });

  describe('a process that is killed at any moment', () => {
    it('has lost no record that it was told of, and has left none that cannot be read', async () => {
      const place = await newPlace();
      const seed = newSeed();
      const random = numbers(seed);
      const told = new Map<string, number>();
      const { store, problems } = await openStore(place);
      for (let kill = 1; kill <= kills; kill += 1) {
        const writer = startWriter('write', place.location, String(seed + kill));
        await writer.begun();
        await setTimeout(random() * MAX_DELAY_MS);
        writer.kill();
        const lines = await writer.lines('SIGKILL');
        expect(lines.length).toBeGreaterThan(0);
        for (const line of lines) {
          const [id = '', version, ticket] = line.split(' ');
          expect(ticket, 'it was built on the one before').toBe(version);
          expect(Number(version)).toBeGreaterThan(told.get(id) ?? 0);
          told.set(id, Number(version));
        }
        const listed = new Map((await store.list()).map((one) => [one.record.id, one]));
        for (const [id, version] of told) {
          const found = listed.get(id);
          expect(await store.read(id)).toEqual(found);
          // One more may have been written and not told.
          expect([version, version + 1]).toContain(found?.version);
          expect(found?.record.ticket).toBe(found?.version);
          told.set(id, found!.version);
        }
      }
      expect(problems).toEqual([]);
    });
  });

  describe('a run that is written and pruned meanwhile', () => {
    it('is copied with a whole checkpoint and the log up to there', async () => {
      const place = await newPlace();
      const { store } = await openStore(place);
      const random = numbers(newSeed());
      const trainer = startWriter('train', place.location, 'a', '1');
      await trainer.begun();
      let before = 0;
      for (let fence = 2; fence < 2 + FORKS; fence += 1) {
        await setTimeout(random() * MAX_DELAY_MS);
        await store.forkRun('a', 1, fence);
        const runStore = store.run('a', fence);
        await runStore.lock();
        const run = await Run.open(runStore, { keepCheckpoints: 1, program: 'test' });
        const { state, damaged } = (await run.resume())!;
        const { step } = state.position;
        expect(damaged).toEqual([]);
        expect(step).toBeGreaterThanOrEqual(Math.max(1, before));
        expect(state.layers[0]?.weights.data.every((value: number) => value === step)).toBe(true);
        let last = 0;
        for await (const { sequence } of readEvents(runStore)) last = sequence;
        expect(last).toBe(state.event);
        await run.events.emit({ type: 'checkpoint.saved', step, file: 'x', best: false });
        await run.close();
        before = step;
      }
      trainer.kill();
      // The last one may have been saved and not told.
      expect(Number((await trainer.lines('SIGKILL')).at(-1))).toBeGreaterThanOrEqual(before - 1);
    });
  });
};
