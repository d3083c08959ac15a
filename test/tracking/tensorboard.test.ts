import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Run } from '#services/store/run.js';
import { crc32c } from '#services/tracking/tensorboard/crc32c.js';
import { keepEventFiles } from '#services/tracking/tensorboard/event-files.js';
import { eventFilesIn, eventsIn, stepsIn } from './event-file.js';
import { emitAll, ended, epoch, newRun, opened, started, steps } from './support.js';

function kept(run: Run): Run {
  onTestFinished(() => run.close());
  keepEventFiles(run);
  return run;
}

describe('the checksum', () => {
  const counting = Array.from({ length: 32 }, (_, i) => i);
  // RFC 3720, B.4, whose bytes are in the order of the wire, and the check value of the catalogue of CRCs.
  it.each([
    ['zeros', new Array<number>(32).fill(0), 0x8a9136aa],
    ['ones', new Array<number>(32).fill(0xff), 0x62a8ab43],
    ['counting up', counting, 0x46dd794e],
    ['counting down', counting.toReversed(), 0x113fdb5c],
    ['123456789', [...Buffer.from('123456789')], 0xe3069283],
    ['nothing', [], 0],
  ])('of %s is that of the standard', (_, bytes, expected) => {
    expect(crc32c(Uint8Array.from(bytes))).toBe(expected);
  });
});

describe('event files', () => {
  it('have the curves of a run', async () => {
    const run = kept(await newRun());
    const events = await emitAll(run, [
      started(),
      ...steps(1, 4),
      epoch(1, 4),
      ...steps(5, 8),
      epoch(2, 8),
      ended('completed', 8),
    ]);
    const [name, ...more] = eventFilesIn(run.location);
    expect(more).toEqual([]);
    // As files of TensorFlow begin: the length of the record that names the version, and its checksum.
    const head = readFileSync(join(run.location, name!)).subarray(0, 12).toString('hex');
    expect(head).toBe('1800000000000000a37f4b22');

    const [version, restart, first] = eventsIn(run.location);
    expect(version).toMatchObject({ version: 'brain.Event:2', tag: null });
    expect(restart).toMatchObject({ step: 0, restarts: true, tag: null });
    expect(first).toMatchObject({ step: 1, tag: 'loss/step', value: 1 });
    expect(first!.seconds).toBe(Date.parse(events[1]!.time) / 1000);
    const twice = [4, 8];
    expect(stepsIn(run.location)).toEqual({
      'loss/step': [1, 2, 3, 4, 5, 6, 7, 8],
      'loss/train': twice,
      'loss/test': twice,
      'error/train': twice,
      'accuracy/test': twice,
      'speed/examples_per_second': twice,
      'layers/1/objective_before': twice,
      'layers/1/objective_after': twice,
    });
  });

  it('are made anew when a run goes on, without the steps that were taken back', async () => {
    const run = kept(await newRun());
    await emitAll(run, [started(), ...steps(1, 4), epoch(1, 4), ...steps(5, 6), ended('stopped', 6)]);
    await run.close();
    const [old] = eventFilesIn(run.location);

    // Up to step 5, as if a checkpoint were there, and once more with no time in between.
    const resumed = kept(await opened(run));
    await resumed.events.truncateTo(7);
    await emitAll(resumed, [started({ step: 5 }), ...steps(6, 8), epoch(2, 8), ended('completed', 8)]);
    // The former one stays for those who are reading it; the next time, it goes.
    const [former, next, ...more] = eventFilesIn(run.location);
    expect([former, more]).toEqual([old, []]);
    expect(stepsIn(run.location)).toMatchObject({
      'loss/step': [1, 2, 3, 4, 5, 6, 7, 8],
      'loss/train': [4, 8],
    });
    await resumed.close();

    const third = kept(await opened(run));
    await emitAll(third, [started(), ended('completed', 8)]);
    expect(eventFilesIn(run.location)).toEqual([next, expect.stringContaining('tfevents')]);
    expect(stepsIn(run.location)['loss/step']).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('are made of the log of a run that had none, and of one with a file that was cut off', async () => {
    const run = await newRun();
    await emitAll(run, [started(), ...steps(1, 4), ended('stopped', 4)]);
    await run.close();
    const expected = { 'loss/step': [1, 2, 3, 4, 5] };
    const next = kept(await opened(run));
    await next.events.truncateTo(5);
    await emitAll(next, [started(), ...steps(5, 5), ended('stopped', 5)]);
    expect(stepsIn(run.location)).toEqual(expected);
    await next.close();

    rmSync(join(run.location, eventFilesIn(run.location)[0]!));
    const last = kept(await opened(run));
    await emitAll(last, [started(), ended('completed', 5)]);
    expect(stepsIn(run.location)).toEqual(expected);
  });

  it('are several for a large run, which TensorBoard reads by their names', async () => {
    const run = kept(await newRun());
    // 1,000 layers have 2,000 curves, of about 70 bytes a point.
    const epochs = Array.from({ length: 10 }, (_, i) => epoch(i + 1, i + 1, 1000));
    await emitAll(run, [started({ epochs: 10, stepsPerEpoch: 1 }), ...epochs, ended('completed', 10)]);
    const names = eventFilesIn(run.location);
    expect(names.map((name) => name.split('.').at(-1))).toEqual(['0000', '0001']);
    const records = eventsIn(run.location);
    expect(records.filter(({ version }) => version !== null)).toHaveLength(2);
    const last = records.filter(({ tag }) => tag === 'layers/1000/objective_after');
    expect(last.map(({ step }) => step)).toEqual(epochs.map((_, i) => i + 1));
  });

  it('have every so many steps of a long run', async () => {
    const run = kept(await newRun());
    // 100,000 steps, of which at most 16,384 are kept: every seventh.
    const long = started({ epochs: 10, stepsPerEpoch: 10_000 });
    await emitAll(run, [long, ...steps(1, 30), ended('stopped', 30)]);
    expect(stepsIn(run.location)).toEqual({ 'loss/step': [7, 14, 21, 28] });
  });

  it('show a loss that is no number any more', async () => {
    const run = kept(await newRun());
    await emitAll(run, [started(), { ...steps(1, 1)[0]!, loss: NaN } as never, ended('failed', 1)]);
    await run.close();
    const again = kept(await opened(run));
    await emitAll(again, [started(), ended('failed', 1)]);
    expect(eventsIn(run.location).at(-1)).toMatchObject({ tag: 'loss/step', step: 1, value: NaN });
  });
});
