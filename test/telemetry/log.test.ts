import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '#core/events.js';
import type { JobEvent } from '#core/job/record.js';
import type { ServiceEvent } from '#core/job/service-events.js';
import type { LogLevel } from '#core/log-level.js';
import { jobLogLine, type JobLogItem } from '#services/telemetry/log-line.js';
import { openLog, type Log, type LogService } from '#services/telemetry/log.js';
import { scrubText } from '#services/telemetry/scrub.js';
import { complaintAbout, parseLines, type Line } from './lines.js';

interface Written {
  readonly log: Log;
  readonly text: () => string;
  readonly lines: () => Line[];
}

async function written(level: LogLevel, service: LogService = 'coordinator'): Promise<Written> {
  let text = '';
  const destination = { write: (line: string) => void (text += line) };
  const log = await openLog({ service, version: '1.2.3', level, destination });
  return { log, text: () => text, lines: () => parseLines(text) };
}

const time = '2026-01-02T03:04:05.678Z';
const redone: RunEvent = {
  type: 'guard.redone',
  sequence: 7,
  time,
  step: 3,
  layer: 2,
  attempt: 1,
  learningRateFactor: 0.5,
  objectiveBefore: 1,
  objectiveAfter: null,
};
const failure = { code: 'DATA_FETCH_FAILED', message: 'no', remedy: 'wait', retryable: true };
const retried: JobEvent = { type: 'job.retried', number: 3, time, attempt: 2, delaySeconds: 4, failure };

describe('a line of a job', () => {
  it('has its job, its try and the fields of the event', () => {
    const context = { job: 'j1', attempt: 2, fence: 5 };
    expect(jobLogLine({ kind: 'event', event: redone }, context)).toEqual({
      level: 'warn',
      time,
      msg: 'guard.redone',
      jobId: 'j1',
      attempt: 2,
      fence: 5,
      sequence: 7,
      step: 3,
      layer: 2,
      redo: 1,
      learningRateFactor: 0.5,
      objectiveBefore: 1,
      objectiveAfter: null,
    });
  });

  it('is the same in the log of the process, which adds who writes', async () => {
    const items: JobLogItem[] = [
      { kind: 'event', event: redone },
      { kind: 'job-event', event: retried },
      { kind: 'job-event', event: { type: 'job.failed', number: 4, time, failure } },
    ];
    const { log, lines } = await written('debug');
    for (const item of items) log.job(item, { job: 'j1', attempt: 1 });
    const added = { service: 'coordinator', version: '1.2.3' };
    expect(lines()).toEqual(
      items.map((item) => ({ ...jobLogLine(item, { job: 'j1', attempt: 1 }), ...added })),
    );
    expect(lines().map(complaintAbout)).toEqual([null, null, null]);
  });

  it('is not there for an event that only a later version knows', () => {
    for (const type of ['run.teleported', 'toString', '__proto__']) {
      const event = { type, time, sequence: 1 } as unknown as RunEvent;
      expect(jobLogLine({ kind: 'event', event }, { job: 'j1' })).toBeNull();
    }
  });
});

describe('the level of a log', () => {
  const step: RunEvent = {
    type: 'step.done',
    sequence: 1,
    time,
    epoch: 1,
    step: 1,
    loss: 1,
    examples: 1,
    seconds: 1,
    phases: { data: 0, forward: 0, targets: 0, solve: 1 },
  };

  it('holds from the change on, which the log tells where it can', async () => {
    const { log, lines } = await written('warn');
    log.run(step);
    log.setLevel('debug');
    log.run(step);
    log.setLevel('debug');
    log.setLevel('error');
    log.run({ ...redone });
    expect(log.level).toBe('error');
    expect(lines()).toMatchObject([
      { msg: 'log.level', from: 'warn', to: 'debug' },
      { msg: 'step.done' },
      { msg: 'log.level', from: 'debug', to: 'error' },
    ]);
  });

  it('may be silent', async () => {
    const { log, text } = await written('silent');
    log.job({ kind: 'job-event', event: { type: 'job.failed', number: 4, time, failure } }, { job: 'j' });
    expect(text()).toBe('');
  });
});

describe("a coordinator's own events", () => {
  it('are stamped, and workers that come between jobs are listed as in a run', async () => {
    const { log, lines } = await written('debug');
    const events: ServiceEvent[] = [
      { type: 'coordinator.ready', coordinator: 'c1' },
      {
        type: 'request',
        request: 'r1',
        transport: 'http',
        method: 'GET',
        route: '/v1/jobs/:id',
        status: 200,
        seconds: 0.01,
        peer: '127.0.0.1',
        tokenName: 'dashboards',
      },
    ];
    events.forEach(log.service);
    log.service({ type: 'worker.lost', worker: 'w1', reason: 'it is silent' });
    expect(lines().map(complaintAbout)).toEqual([null, null, null]);
    expect(lines().map(({ msg, level }) => ({ msg, level }))).toEqual([
      { msg: 'coordinator.ready', level: 'info' },
      { msg: 'request', level: 'debug' },
      { msg: 'worker.lost', level: 'warn' },
    ]);
  });
});

describe('secrets', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['redis://user:pass@host:6379/0 is gone', 'redis://***@host:6379/0 is gone'],
    ['rediss://:p@ss:word@[::1]:1', 'rediss://***@[::1]:1'],
    ['https://host/a@b', 'https://host/a@b'],
    ['at http://h/x?a=1&X-Amz-Signature=abc&b=2', 'at http://h/x?a=1&X-Amz-Signature=***&b=2'],
    ['/v1/jobs?access_token=abc', '/v1/jobs?access_token=***'],
    ['authorization: Bearer abcdefghijklmnop0123', 'authorization: Bearer ***'],
    ['The request has no bearer token.', 'The request has no bearer token.'],
  ];
  it.each(cases)('in %j', (text, shown) => expect(scrubText(text)).toBe(shown));

  it('of addresses never stay, whatever they are made of', () => {
    const secret = fc.stringMatching(/^[\w!$&'()*+,;=:@%.~-]{8,30}$/);
    fc.assert(
      fc.property(secret, fc.string(), (password, around) => {
        const text = `${around} redis://me:${password}@redis.internal:6379 ${around}`;
        expect(scrubText(text)).toContain('redis://***@redis.internal:6379');
      }),
    );
  });

  it('are not written, wherever they stand', async () => {
    const { log, text } = await written('debug');
    const secret = 'correct-horse-battery';
    log.service({ type: 'queue.lost', queue: `redis://me:${secret}@h:1`, reason: `no redis://:${secret}@h` });
    const message = `GET http://me:${secret}@h/data?token=${secret} failed`;
    const event: JobEvent = { type: 'job.failed', number: 4, time, failure: { ...failure, message } };
    log.job({ kind: 'job-event', event }, { job: 'j1' });
    // Fields that no event has, as one that is still to come might.
    const carried = {
      authorization: secret,
      headers: { authorization: secret },
      a: { b: { token: secret } },
    };
    log.service({ type: 'note', text: 'x', ...carried });
    expect(text()).not.toContain(secret);
    expect(text().split('\n')).toHaveLength(4);
    expect(JSON.stringify(jobLogLine({ kind: 'job-event', event }, { job: 'j1' }))).not.toContain(secret);
  });
});

it('writes numbers that JSON has not as null', async () => {
  const { log, lines } = await written('debug');
  log.run({ ...redone, objectiveAfter: NaN });
  expect(lines()[0]).toMatchObject({ objectiveAfter: null });
});
