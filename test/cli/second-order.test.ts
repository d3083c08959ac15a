import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readRun } from '#services/store/stored-run.js';
import { documentOf, folderWithSpec } from './support.js';

let folder: string;
beforeAll(async () => {
  folder = await folderWithSpec();
});

const train = (...args: string[]) => documentOf(['train', ...args], { cwd: folder });

/** Weights, slots, factors and position of a run's newest checkpoint. */
async function stateOf(run: string): Promise<unknown> {
  const { state } = await (await readRun(join(folder, run))).loadCheckpoint('latest');
  return { layers: state.layers, position: state.position };
}

// What files hold of the other method differs in names alone.
describe('training with kfac', () => {
  const algorithm = 'kfac';
  const sets = ['--set', `training.algorithm=${algorithm}`, '--set', `${algorithm}.updateEvery=5`];

  it('goes on from a checkpoint to the bit, and asks for no workers', async () => {
    await train('tiny.yaml', ...sets, '--out', algorithm);
    const stopped = `${algorithm}-stopped`;
    // Four steps: the next inverses are due after the fifth.
    await train(
      'tiny.yaml',
      ...sets,
      '--set',
      'training.stopAfterEpochs=1',
      '--out',
      stopped,
      '--workers',
      '2',
    );
    await train('--resume', stopped, '--set', 'training.stopAfterEpochs=null', '--workers', '1');
    expect(await stateOf(stopped)).toEqual(await stateOf(algorithm));
    const eventsOf = (run: string) => readFile(join(folder, run, 'events.jsonl'), 'utf8');
    const events = await eventsOf(stopped);
    expect(events).not.toContain('"worker.');
    expect(events.match(/"run.alone"/g), 'said in each of the two runs').toHaveLength(2);
    expect(await eventsOf(algorithm), 'nobody offered workers').not.toContain('"run.alone"');
  });
});
