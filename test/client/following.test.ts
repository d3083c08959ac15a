import { describe, expect, it } from 'vitest';
import { CommandLine, documentOf } from './command-line.js';
import { started, stepDone, tellEvent, tellJob } from './jobs.js';

const line = new CommandLine();

describe('following', () => {
  it('begins before the job runs, outlives the coordinator, and ends with the job', async () => {
    const following = line.begin('submit', 'tiny.yaml', '--follow');
    await following.waitFor('stdout', /job1/);
    const job = line.server.jobs.get('job1')!;
    tellJob(job, { state: 'queued', position: 2 });
    await following.waitFor('stderr', /job1 \(tiny\): queued, 2 jobs before it\n/);
    tellJob(job, { state: 'running', position: null, coordinator: 'here' });
    tellEvent(job, started(0), 0);
    for (let step = 1; step <= 5; step += 1) tellEvent(job, stepDone(step), step);
    await following.waitFor('stderr', /tiny: 1,234 parameters/);
    await line.server.stop();
    await following.waitFor('stderr', /the connection was lost/);
    tellJob(job, { state: 'queued', position: 0, coordinator: null });
    tellJob(job, { state: 'running', position: null, coordinator: 'there' });
    job.feed.push({ kind: 'rewind', cursor: String(job.feed.length + 1), last: 1 });
    tellEvent(job, started(3), 60);
    await line.server.start();
    await following.waitFor('stderr', /from step 3/);
    const progress = { step: 30, steps: 30, epoch: 3, epochs: 3, loss: 1.5, trainLoss: 1, testLoss: 2 };
    tellJob(job, {
      state: 'completed',
      coordinator: null,
      progress: { ...progress, examplesPerSecond: 100, secondsLeft: 0 },
    });
    const { code, stdout, stderr } = await following.waitForEnd();
    expect(code).toBe(0);
    expect(stdout).toContain('job1 (tiny): completed; epoch 3/3, step 30/30, train loss 1, test loss 2\n');
    const order = [
      'queued, 2 jobs before it',
      'running, on here',
      'lost',
      'queued, next in the queue',
      'running, on there',
      'goes on from its last checkpoint',
      'from step 3',
    ].map((text) => stderr.indexOf(text));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
  });

  it.each(['failed', 'cancelled'] as const)('ends with exit code 1 where the job is %s', async (state) => {
    const failure = {
      code: 'TRAINING_DIVERGED',
      message: 'The loss is NaN.',
      remedy: 'Do less.',
      retryable: false,
    };
    tellJob(line.server.addJob('job1'), { state, failure: state === 'failed' ? failure : null });
    const { code, stderr, stdout } = await line.run('status', 'job1', '--follow');
    expect(code).toBe(1);
    expect(stdout).toContain(`job1 (tiny): ${state}`);
    expect(stderr.includes('error TRAINING_DIVERGED: The loss is NaN.\nDo less.')).toBe(state === 'failed');
    const asJson = await line.run('status', 'job1', '--follow', '--json');
    expect([asJson.code, documentOf(asJson)['state']]).toEqual([1, state]);
  });

  it('is ended by Ctrl-C, which the job never notices', async () => {
    const job = line.server.addJob('job1');
    tellJob(job, { state: 'running' });
    job.log.push('{"level":"info","msg":"epoch"}');
    for (const [args, stream, shown] of [
      [['status', 'job1', '--follow'], 'stderr', /running/],
      [['logs', 'job1', '--follow'], 'stdout', /epoch/],
    ] as const) {
      const following = line.begin(...args);
      await following.waitFor(stream, shown);
      following.signal('SIGINT');
      const { code, stderr } = await following.waitForEnd();
      expect(code).toBe(130);
      expect(stderr).toContain(`locoprop ${args.join(' ')}`);
    }
    const methods = new Set(line.server.seen.map(({ method }) => method));
    expect([...methods]).toEqual(['GET']);
  });

  it('of the log prints each line once, over a restart', async () => {
    const job = line.server.addJob('job1');
    job.log.push('{"level":"info","step":1}', '{"level":"info","step":2}');
    const following = line.begin('logs', 'job1', '--follow', '--level', 'debug');
    await following.waitFor('stdout', /"step":2/);
    await line.server.stop();
    job.log.push('{"level":"info","step":3}');
    await line.server.start();
    await following.waitFor('stdout', /"step":3/);
    job.details = { ...job.details, state: 'completed' };
    const { code, stdout } = await following.waitForEnd();
    expect([code, stdout]).toEqual([0, `${job.log.join('\n')}\n`]);
    expect(line.server.seen.at(-1)?.url).toContain('level=debug');
    expect(documentOf(await line.run('logs', 'job1', '--json'))).toEqual({
      lines: [1, 2, 3].map((step) => ({ level: 'info', step })),
    });
  });
});
