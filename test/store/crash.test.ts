import type { RunState } from '#core/state.js';
import { openRun, type Run } from '#services/store/run.js';
import { readRun } from '#services/store/stored-run.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { newSeed, numbers, temporaryFolder } from './support.js';

const SAVER = fileURLToPath(new URL('save-until-killed.mjs', import.meta.url));
const KILLS = 10;
const MAX_DELAY_MS = 60;

/** Lets a process save into the folder and kills it so long after its first word; the last step it told of. */
async function saveAndKill(directory: string, delayMs: number): Promise<number> {
  const child = spawn(process.execPath, [SAVER, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await setTimeout(delayMs);
  child.kill('SIGKILL');
  const [, signal] = (await closed) as [number | null, string | null];
  expect(signal, 'it ran until it was killed').toBe('SIGKILL');
  return Number(output.trimEnd().split('\n').at(-1));
}

/** Whether all numbers of a state are its step, as the process wrote them. */
const isWhole = ({ layers, position }: RunState): boolean =>
  layers.every(({ weights, bias, weightSlots: { m = weights } }) =>
    [weights, bias, m].every(({ data }) => data.every((value: number) => value === position.step)),
  );

async function lastEvent(run: Run): Promise<number> {
  let last = 0;
  for await (const { sequence } of run.readEvents()) last = sequence;
  return last;
}

describe('a run whose process is killed at any moment', () => {
  it('has its newest checkpoint, its log up to there, and nothing unfinished', async () => {
    const directory = join(await temporaryFolder(), 'run');
    const random = numbers(newSeed());
    let before = 0;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const told = await saveAndKill(directory, random() * MAX_DELAY_MS);
      expect(told, 'it went on from where the last one was').toBeGreaterThan(before);

      const { state: seen } = await (await readRun(directory)).loadCheckpoint('latest');
      const run = await openRun(directory, { keepCheckpoints: 2, program: 'test' });
      const { state, damaged } = (await run.resume())!;
      const { step } = state.position;
      expect(seen.position).toEqual(state.position);
      expect(damaged).toEqual([]);
      expect(step).toBeGreaterThanOrEqual(told);
      expect(isWhole(state)).toBe(true);
      expect(run.events.last).toBe(state.event);
      expect(await lastEvent(run)).toBe(state.event);
      const metrics = await readFile(join(directory, 'metrics.jsonl'), 'utf8');
      expect(metrics.trimEnd().split('\n')).toHaveLength(step);
      expect((await run.readMetrics()).map(({ epoch }) => epoch)).toEqual(
        Array.from({ length: step }, (_, i) => i + 1),
      );
      await run.close();

      const files = (await readdir(directory, { recursive: true })).toSorted();
      expect(files.filter((name) => !/^checkpoints\/(step-\d{8}|best)\.safetensors$/.test(name))).toEqual([
        'checkpoints',
        'events.jsonl',
        'metrics.jsonl',
        'spec.yaml',
      ]);
      before = step;
    }
  });
});
