import { randomStream } from '#core/random.js';
import { CHECKPOINT_STEPS } from '../faults/job.js';

const kinds = [
  'kill',
  'stop',
  'cut',
  'black hole',
  'slow',
  'corrupt',
  'close',
  'join',
  'leave',
  'kill coordinator',
  'stop coordinator',
] as const;

/** What happens once so many steps are committed. Numbers that a kind has no use for are drawn all the same. */
export interface Fault {
  readonly kind: (typeof kinds)[number];
  readonly step: number;
  /** Which of the workers that are there then, as a share of them. */
  readonly worker: number;
  /** Until it is over. */
  readonly durationMs: number;
  /** That still pass. */
  readonly bytes: number;
  readonly direction: 'toTarget' | 'toClient';
  readonly bytesPerSecond: number;
  readonly latencyMs: number;
}

/** A run and what happens in it. */
export interface Plan {
  readonly seed: number;
  readonly workers: number;
  readonly wire: 'f32' | 'bf16';
  readonly faults: readonly Fault[];
}

const LAST_STEP = 26;

/** The plan of a seed. */
export function draw(seed: number): Plan {
  const stream = randomStream(seed, 'chaos');
  const whole = (from: number, to: number): number => from + Math.floor(stream.uniform() * (to - from + 1));
  const fault = (): Fault => {
    const kind = kinds[whole(0, kinds.length - 1)]!;
    return {
      kind,
      // Before the first checkpoint there is nothing to resume from.
      step: whole(kind === 'kill coordinator' ? CHECKPOINT_STEPS + 1 : 1, LAST_STEP),
      worker: stream.uniform(),
      durationMs: whole(200, 3000),
      bytes: whole(0, 2_000_000),
      direction: stream.uniform() < 0.5 ? 'toTarget' : 'toClient',
      bytesPerSecond: whole(300_000, 3_000_000),
      latencyMs: whole(0, 30),
    };
  };
  const workers = whole(1, 4);
  const wire = stream.uniform() < 0.5 ? 'f32' : 'bf16';
  const faults = Array.from({ length: whole(1, 4) }, fault).sort((one, other) => one.step - other.step);
  return { seed, workers, wire, faults };
}
