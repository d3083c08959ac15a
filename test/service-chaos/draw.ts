import { randomStream, type RandomStream } from '#core/random.js';

/** When a coordinator is killed, as drawn from the seed of a campaign. */
export interface Kill {
  /** Whether its victim may not be ready yet. */
  readonly early: boolean;
  /** Since the victim was ready; of an early one since the kill before. */
  readonly afterMs: number;
  /** Which of the coordinators, as a share of them. */
  readonly coordinator: number;
}

/** What a client does next. Numbers that an action has no use for are drawn all the same. */
export interface Action {
  readonly kind: 'submit' | 'pause' | 'resume' | 'cancel' | 'look';
  readonly afterMs: number;
  /** Which coordinator is asked, and which of the jobs it is about, as shares of them. */
  readonly coordinator: number;
  readonly job: number;
  /** Of a submitted job. */
  readonly seed: number;
  readonly priority: number;
}

const LONGEST_MS = 2500;
/** Jobs that differ: of each it is computed what it comes to. */
const SEEDS = 3;

const whole = (stream: RandomStream, from: number, to: number): number =>
  from + Math.floor(stream.uniform() * (to - from + 1));

export function drawKills(seed: number, count: number): readonly Kill[] {
  const stream = randomStream(seed, 'kills');
  return Array.from({ length: count }, () => ({
    early: stream.uniform() < 0.25,
    afterMs: whole(stream, 0, LONGEST_MS),
    coordinator: stream.uniform(),
  }));
}

const kinds = ['submit', 'submit', 'pause', 'pause', 'resume', 'resume', 'resume', 'cancel', 'look'] as const;

/** What one of the clients of a campaign does, for as long as that takes. */
export function* drawActions(seed: number, client: number): Generator<Action> {
  const stream = randomStream(seed, 'actions', client);
  for (;;) {
    yield {
      kind: kinds[whole(stream, 0, kinds.length - 1)]!,
      afterMs: whole(stream, 20, 600),
      coordinator: stream.uniform(),
      job: stream.uniform(),
      seed: whole(stream, 1, SEEDS),
      priority: whole(stream, 0, 2),
    };
  }
}
