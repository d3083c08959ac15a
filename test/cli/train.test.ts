import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readRun } from '#services/store/stored-run.js';
import { documentOf, folderWithSpec, locoprop, main, type Outcome } from './support.js';

let folder: string;
let trained: Outcome;
beforeAll(async () => {
  folder = await folderWithSpec();
  trained = await locoprop(['train', 'tiny.yaml'], { cwd: folder });
});

interface Scores {
  readonly trainLoss: number;
  readonly testLoss: number;
  readonly testError: number;
}

interface Summary {
  readonly outcome: string;
  readonly directory: string;
  readonly steps: number;
  readonly epochs: number;
  readonly engine: { readonly name: string; readonly threads: number };
  readonly initial: Scores;
  readonly final: Scores;
  readonly pca: { readonly components: number; readonly testError: number };
  readonly files: readonly string[];
}

const train = async (...args: string[]): Promise<Summary> =>
  (await documentOf(['train', ...args], { cwd: folder })) as unknown as Summary;

/** Weights, biases, slots and position of a run's newest checkpoint. */
async function stateOf(run: string): Promise<unknown> {
  const { state } = await (await readRun(join(folder, run))).loadCheckpoint('latest');
  return { layers: state.layers, position: state.position };
}

describe('train', () => {
  it('ends with a table on standard output, and plain progress on standard error', () => {
    expect(trained.code).toBe(0);
    expect(trained.stdout).toMatch(/tiny: completed after 2 epochs, 8 steps/);
    expect(trained.stdout).toMatch(/initial +final\ntrain loss +[\d.]+ +[\d.]+\ntest loss +[\d.]+ +[\d.]+\n/);
    expect(trained.stdout).toMatch(/test error of a PCA with 6 components: 0\.0\d+/);
    expect(trained.stdout).toContain('files in runs/tiny: ');
    const lines = trained.stderr.trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe('tiny: 32,430 parameters, 64 examples, 2 epochs; onnx, 1 thread');
    expect(lines[2]).toMatch(
      /^epoch 2 done {2}step 8 {2}train loss [\d.]+ {2}test loss [\d.]+ {2}[\d,]+ examples\/s$/,
    );
  });

  it('leaves the files that it names', async () => {
    const run = join(folder, 'runs/tiny');
    const summary = JSON.parse(await readFile(join(run, 'summary.json'), 'utf8')) as Summary;
    expect(summary).toMatchObject({ outcome: 'completed', epochs: 2, steps: 8, directory: 'runs/tiny' });
    expect(summary.final.testLoss).toBeLessThan(summary.initial.testLoss);
    expect((await readdir(run)).toSorted()).toEqual(summary.files.toSorted());
    expect((await readFile(join(run, 'reconstructions.png'))).subarray(1, 4).toString()).toBe('PNG');
    expect(await readFile(join(run, 'loss.svg'), 'utf8')).toContain('train loss, last');
  });

  it('prints one JSON document, the same as summary.json, and takes another engine', async () => {
    const summary = await train('tiny.yaml', '--out', 'reference', '--engine', 'reference');
    expect(summary.engine.name).toBe('reference');
    expect(JSON.parse(await readFile(join(folder, 'reference/summary.json'), 'utf8'))).toEqual(summary);
    const onnx = JSON.parse(await readFile(join(folder, 'runs/tiny/summary.json'), 'utf8')) as Summary;
    expect(summary.initial.trainLoss).toBeCloseTo(onnx.initial.trainLoss, 2);
    expect(Math.abs(summary.final.trainLoss / onnx.final.trainLoss - 1)).toBeLessThan(0.005);
    expect(summary.pca.testError).toBeCloseTo(onnx.pca.testError, 5);
  });

  it('sets fields of the spec, and finds a free folder', async () => {
    const summary = await train(
      'tiny.yaml',
      '--set',
      'training.epochs=1',
      '--set',
      'network.layers[1].units=4',
      '--threads',
      '2',
    );
    expect(summary).toMatchObject({ epochs: 1, steps: 4, engine: { threads: 2 }, pca: { components: 4 } });
    expect(summary.directory).toBe('runs/tiny-2');
    expect(await readFile(join(folder, 'runs/tiny-2/spec.yaml'), 'utf8')).toContain('epochs: 1');
  });

  it('warns of layers that stay as they were, and fails where none has moved for an epoch', async () => {
    const rate = (value: string): string[] => ['--set', `${value}.learningRate=1e30`];
    const stuck = ['train', 'tiny.yaml', '--out', 'stuck', ...rate('local.optimizer')];
    const { code, stderr } = await locoprop(stuck, { cwd: folder });
    expect(code).toBe(1);
    expect(
      stderr.match(/^warning: layer \d stayed as it was in step 1: the guard refused 6 solves/gm),
    ).toHaveLength(4);
    expect(stderr).toContain('16 local problems given up');
    expect(stderr).toMatch(/^error TRAINING_STUCK: No local problem of epoch 1 could be solved/m);

    const partly = ['train', 'tiny.yaml', '--out', 'partly', '--set', 'network.layers[0].local={}'];
    const { stdout } = await locoprop([...partly, ...rate('network.layers[0].local.optimizer')], {
      cwd: folder,
    });
    expect(stdout).toMatch(/^the guard gave up [1-8] local problems: their layers did not move/m);
    expect(stdout).toMatch(/^the guard had \d+ solves redone with a smaller step$/m);
  });

  it('refuses a folder that is not empty', async () => {
    const { code, stderr } = await locoprop(['train', 'tiny.yaml', '--out', 'runs/tiny'], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error STORE_RUN_EXISTS: /);
  });

  it('logs the events as JSON lines where that is asked for', async () => {
    const args = [
      'train',
      'tiny.yaml',
      '--out',
      'logged',
      '--log-level',
      'debug',
      '--set',
      'training.epochs=1',
    ];
    const { stderr } = await locoprop(args, { cwd: folder });
    const messages = stderr
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    const steps = Array.from({ length: 4 }, () => 'step.done');
    expect(messages).toEqual(['run.started', ...steps, 'epoch.done', 'checkpoint.saved', 'run.ended']);
  });

  it('remarks on what in the spec has another effect than it seems to', async () => {
    const schedule = 'training.schedule={name: notebook, warmupEpochs: 2}';
    const sets = ['training.batchSize=1000', 'training.epochs=1', schedule];
    const args = sets.flatMap((set) => ['--set', set]);
    const { code, stdout, stderr } = await locoprop(['train', 'tiny.yaml', '--out', 'remarked', ...args], {
      cwd: folder,
    });
    expect(code).toBe(0);
    expect(stdout).toContain('tiny: completed after 1 epoch, 1 step\n');
    expect(stdout).toContain('(onnx, 1 thread), ');
    expect(stderr).toContain('\ntraining.batchSize is 1,000; a batch has all the data, 64 examples.\n');
    expect(stderr).toContain('\nNothing is learnt: the schedule notebook has a rate of 0 ');
  });

  it('rewrites one line on a terminal, within its width', () => {
    const command = `stty cols 40; ${process.execPath} ${main} train tiny.yaml --out terminal`;
    const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, TERM: 'xterm' },
    });
    const drawn = stdout.split('\r').filter((part) => part.includes('epoch') && part.includes('\u001b[K'));
    expect(drawn.length).toBeGreaterThan(0);
    for (const line of drawn) expect(line.replace('\u001b[K', '').trim().length).toBeLessThan(40);
    expect(drawn.at(-1)).toContain('epoch 2/2  step 8/8');
    expect(stdout).toContain('completed after 2 epochs');
  });
});

describe('a run that was interrupted', () => {
  const uninterrupted = 'whole';
  const STEPS_PER_EPOCH = 4;
  const longer = (epochs: number): string[] =>
    [`training.epochs=${epochs}`, 'checkpoints.everySteps=3', 'data.test=null'].flatMap((set) => [
      '--set',
      set,
    ]);

  /** Starts a run, signals it once its log has so many steps, and returns how it ended. */
  function interrupt(
    run: string,
    { engine, epochs }: { engine: string; epochs: number },
    { signal, steps }: { signal: NodeJS.Signals; steps: number },
  ): Promise<Outcome> {
    const args = [
      'train',
      'tiny.yaml',
      '--out',
      run,
      '--engine',
      engine,
      '--log-level',
      'debug',
      '--json',
      ...longer(epochs),
    ];
    let sent = false;
    return locoprop(args, {
      cwd: folder,
      onStderr: (text, child) => {
        if (!sent && text.split('step.done').length > steps) sent = child.kill(signal);
      },
    });
  }

  // So many that a signal arrives before they are done: the others are slow.
  const choices = [
    { engine: 'onnx', epochs: 50 },
    { engine: 'tfjs', epochs: 4 },
    { engine: 'reference', epochs: 4 },
  ];
  describe.each(choices)('on $engine', (choice) => {
    const { engine, epochs } = choice;
    const all = epochs * STEPS_PER_EPOCH;
    beforeAll(async () => {
      await train('tiny.yaml', '--out', `${uninterrupted}-${engine}`, '--engine', engine, ...longer(epochs));
    });

    it('stops at Ctrl-C with a checkpoint, and ends as if it had not been stopped', async () => {
      const run = `stopped-${engine}`;
      const { code, stdout } = await interrupt(run, choice, { signal: 'SIGINT', steps: 5 });
      expect(code).toBe(130);
      const stopped = JSON.parse(stdout) as Summary;
      expect(stopped.outcome).toBe('stopped');
      expect(stopped.steps).toBeGreaterThanOrEqual(5);
      expect(stopped.steps).toBeLessThan(all);
      expect(await stateOf(run)).toMatchObject({ position: { step: stopped.steps } });

      const resumed = await train('--resume', run);
      expect(resumed).toMatchObject({ outcome: 'completed', steps: all, epochs });
      expect(await stateOf(run)).toEqual(await stateOf(`${uninterrupted}-${engine}`));
    });

    it('ends as if it had not been killed', async () => {
      const run = `killed-${engine}`;
      expect((await interrupt(run, choice, { signal: 'SIGKILL', steps: 7 })).code).toBe('SIGKILL');
      expect(existsSync(join(folder, run, 'summary.json'))).toBe(false);
      await train('--resume', run);
      expect(await stateOf(run)).toEqual(await stateOf(`${uninterrupted}-${engine}`));
      const steps: number[] = [];
      for await (const event of (await readRun(join(folder, run))).readEvents()) {
        if (event.type === 'step.done') steps.push(event.step);
      }
      expect(steps).toEqual(Array.from({ length: all }, (_, index) => index + 1));
    });
  });

  it('ends at once at the second signal', async () => {
    let sent = 0;
    const args = [
      'train',
      'tiny.yaml',
      '--out',
      'twice',
      '--engine',
      'reference',
      '--set',
      'local.iterations=2000',
    ];
    const { code } = await locoprop(args, {
      cwd: folder,
      onStderr: (text, child) => {
        if (sent === 0 && text.includes('parameters')) setTimeout(() => child.kill('SIGTERM'), 100 * ++sent);
        if (sent === 1 && text.includes('Once more')) sent += Number(child.kill('SIGTERM'));
      },
    });
    expect(code).toBe('SIGTERM');
  });

  it('takes new ends and new checkpoints, and nothing that changes what was trained', async () => {
    await train('tiny.yaml', '--out', 'extended', '--set', 'training.stopAfterEpochs=1');
    const refused = await locoprop(['train', '--resume', 'extended', '--set', 'seed=2'], { cwd: folder });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^error CLI_FIELD_FIXED: The field seed cannot be changed/);
    const resumed = await train('--resume', 'extended', '--set', 'training.stopAfterEpochs=null');
    expect(resumed).toMatchObject({ outcome: 'completed', epochs: 2 });
    expect(await stateOf('extended')).toEqual(await stateOf('runs/tiny'));
  });
});
