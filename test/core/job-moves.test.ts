import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cancelAsked,
  cancelled,
  completed,
  failed,
  endsItsCoordinators,
  MAX_HISTORY,
  paused,
  pauseAsked,
  resumed,
  retried,
  retryDelaySeconds,
  returned,
  submitted,
  taken,
} from '#core/job/moves.js';
import type { JobRecord } from '#core/job/record.js';
import { hasEnded, isHeld, jobStates, legalMoves, type JobState } from '#core/job/states.js';
import { minimalSpec, parse, refusal } from '../spec/support.js';
import { newSeed } from '../store/support.js';
import { client, coordinator, rebuild, type Move, type Program } from './job-actors.js';
import { World } from './job-world.js';

const now = new Date('2026-01-02T03:04:05Z');
const spec = parse(minimalSpec());
const accepted = submitted({ id: 'job-1', spec, idempotencyKey: null }, now);
const end = { progress: null, runSeconds: 5 };
const failure = { code: 'X', message: 'x', remedy: 'y', retryable: true };
const again = { failure, notBefore: new Date('2026-01-02T03:04:09Z') };

const running = taken(accepted, 'one', now);
const inState: Record<JobState, JobRecord> = {
  queued: accepted,
  running,
  pausing: pauseAsked(running, now),
  paused: pauseAsked(accepted, now),
  cancelling: cancelAsked(running, now),
  cancelled: cancelAsked(accepted, now),
  completed: completed(running, now, end),
  failed: failed(running, now, failure, end),
};

/** The moves, and the states from which each may be made. */
const moves: Record<string, { readonly move: Move; readonly from: readonly JobState[] }> = {
  taken: { move: (record) => taken(record, 'two', now), from: ['queued', 'running'] },
  pauseAsked: { move: (record) => pauseAsked(record, now), from: ['queued', 'running'] },
  paused: { move: (record) => paused(record, now), from: ['queued', 'pausing'] },
  resumed: { move: (record) => resumed(record, now), from: ['paused', 'failed'] },
  cancelAsked: {
    move: (record) => cancelAsked(record, now),
    from: ['queued', 'running', 'pausing', 'paused'],
  },
  cancelled: { move: (record) => cancelled(record, now), from: ['queued', 'paused', 'cancelling'] },
  completed: { move: (record) => completed(record, now, end), from: ['running', 'pausing', 'cancelling'] },
  failed: {
    move: (record) => failed(record, now, failure),
    from: ['queued', 'running', 'pausing', 'cancelling'],
  },
  returned: { move: (record) => returned(record, now, 'it ends', end), from: ['running'] },
  retried: { move: (record) => retried(record, now, again, end), from: ['running'] },
};

describe('a move', () => {
  it.each(Object.entries(moves))('is refused where it is not legal: %s', (_, { move, from }) => {
    for (const state of jobStates) {
      const record = inState[state];
      if (from.includes(state)) {
        expect(legalMoves[state]).toContain(move(record, now).state);
      } else {
        expect(refusal(() => move(record, now)).code, state).toBe('JOB_STATE_CONFLICT');
      }
    }
  });

  it('keeps the newest events', () => {
    let record = accepted;
    for (let turn = 0; turn < MAX_HISTORY; turn++) record = resumed(pauseAsked(record, now), now);
    expect(record.history).toHaveLength(MAX_HISTORY);
    expect(record.history.at(-1)?.type).toBe('job.resumed');
    expect(record.ticket).toBe(MAX_HISTORY + 1);
  });

  it('waits longer for each attempt, and not for ever', () => {
    const delays = Array.from({ length: 40 }, (_, attempt) => retryDelaySeconds({ ...accepted, attempt }));
    expect(delays.slice(0, 4)).toEqual([2, 4, 8, 16]);
    expect(delays.at(-1)).toBe(300);
    expect(delays).toEqual(delays.toSorted((a, b) => a - b));
  });

  it('counts attempts from a resume on', () => {
    const tried = retried(running, now, again, end);
    expect(tried).toMatchObject({
      state: 'queued',
      attempt: 1,
      ticket: 2,
      notBefore: '2026-01-02T03:04:09.000Z',
    });
    const given = failed(taken(tried, 'two', now), now, failure, { ...end, runSeconds: 9 });
    expect(given).toMatchObject({ attempt: 1, fence: 2, runSeconds: 9, notBefore: null, failure });
    expect(resumed(given, now)).toMatchObject({
      attempt: 0,
      ticket: 3,
      runSeconds: 0,
      failure: null,
      endedAt: null,
    });
  });
});

describe('a job whose coordinator has vanished', () => {
  const progress = (step: number): Pick<JobRecord, 'progress'> => ({
    progress: {
      ...{ step, steps: 9, epoch: 0, epochs: 1, loss: 1, trainLoss: null, testLoss: null },
      ...{ examplesPerSecond: null, secondsLeft: null },
    },
  });
  const taking = (record: JobRecord): JobRecord => taken(record, 'next', now);

  it('is taken for what they die of after ten in a row with which it came no further', () => {
    let own = running;
    for (let vanished = 1; vanished < 10; vanished++) {
      expect(endsItsCoordinators(own)).toBe(false);
      own = taking(own);
      expect(own).toMatchObject({ vanished, attempt: 0 });
    }
    expect(endsItsCoordinators(own)).toBe(true);
    expect(endsItsCoordinators({ ...own, ...progress(1) })).toBe(false);
    expect(endsItsCoordinators({ ...own, state: 'queued' })).toBe(false);
  });

  it('has to come further than it ever was', () => {
    const first = taking(taking({ ...running, ...progress(4) }));
    expect(first).toMatchObject({ reached: 4, vanished: 1 });
    // It goes on from a checkpoint before that.
    const second = taking({ ...first, ...progress(3) });
    expect(second).toMatchObject({ reached: 4, vanished: 2 });
    expect(taking({ ...second, ...progress(5) })).toMatchObject({ reached: 5, vanished: 0 });
  });

  it('begins anew where that one gave it back', () => {
    const own = taking(running);
    expect(own.vanished).toBe(1);
    expect(taking(returned(own, now, 'it ends', end)).vanished).toBe(0);
  });
});

/** What happens next to whom; `who` is taken modulo those there are. */
type Event =
  | { readonly type: 'pause' | 'resume' | 'cancel' | 'coordinate' | 'rebuild' | 'flush' }
  | { readonly type: 'step'; readonly who: number; readonly choice: number }
  | { readonly type: 'crash' | 'lose'; readonly who: number };

const who = fc.nat({ max: 99 });
const choice = fc.nat({ max: 999 });
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 14, arbitrary: fc.record({ type: fc.constant('step' as const), who, choice }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('coordinate' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom('pause' as const, 'resume' as const, 'resume' as const, 'cancel' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('rebuild' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('crash' as const, 'lose' as const), who }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('flush' as const) }) },
);

const asked: Record<'pause' | 'resume' | 'cancel', Move> = {
  pause: pauseAsked,
  resume: resumed,
  cancel: cancelAsked,
};

/** Plays the events with actors that stand still and die anywhere. */
function play(world: World, events: readonly Event[]): void {
  let names = 0;
  const actors: { readonly name: string; readonly program: Program }[] = [];
  const begin = (program: (name: string) => Program): void => {
    const name = `actor-${++names}`;
    actors.push({ name, program: program(name) });
  };
  for (const one of events) {
    const index = 'who' in one && actors.length > 0 ? one.who % actors.length : -1;
    const actor = actors[index];
    if (one.type === 'coordinate') begin((name) => coordinator(world, name));
    else if (one.type === 'rebuild') begin(() => rebuild(world));
    else if (one.type === 'flush') world.flush();
    else if (one.type === 'step') {
      if (actor?.program.next(one.choice).done) actors.splice(index, 1);
    } else if (one.type === 'crash' || one.type === 'lose') {
      if (!actor) continue;
      world.lose(actor.name);
      if (one.type === 'crash') actors.splice(index, 1);
    } else {
      const move = asked[one.type];
      begin(() => client(world, move));
    }
  }
}

/** All actors are dead; a new coordinator comes, alone and undisturbed. */
function bringToAnEnd(world: World): void {
  world.flush();
  for (let turn = 0; turn < 3; turn++) {
    for (const program of [rebuild(world), coordinator(world, `last-${turn}`)]) {
      // 1 has it take what there is and complete it.
      while (!program.next(1).done);
    }
  }
}

describe('a job', () => {
  it('keeps to the rules, whoever dies or stands still where', () => {
    const seen = new Set<string>();
    let refusals = 0;
    fc.assert(
      fc.property(fc.array(event, { minLength: 50, maxLength: 300, size: 'max' }), (events) => {
        const world = new World(accepted);
        play(world, events);
        bringToAnEnd(world);
        const { state } = world.read().record;
        expect(hasEnded(state) || state === 'paused').toBe(true);
        refusals += world.refusals;
        world.versions.forEach(({ state: to, fence }, index) => {
          const from = world.versions[index - 1];
          if (from && (from.state !== to || from.fence !== fence)) seen.add(`${from.state} ${to}`);
        });
      }),
      { seed: newSeed(), numRuns: 3000 },
    );
    // The walks went everywhere, and writers were late.
    const legal = jobStates.flatMap((from) => legalMoves[from].map((to) => `${from} ${to}`));
    expect([...seen].sort()).toEqual(legal.sort());
    expect(refusals).toBeGreaterThan(100);
  });

  it('is held in the states in which it has a coordinator', () => {
    for (const state of jobStates) expect(inState[state].coordinator !== null, state).toBe(isHeld(state));
  });
});
