import { FaultRun, type FaultResult, type Member } from '../faults/fault-run.js';
import { DEFAULT_EPOCHS, STEPS_PER_EPOCH } from '../faults/job.js';
import type { Plan } from './draw.js';
import { inject } from './inject.js';

/** A run that has been played. */
export interface Report {
  readonly seed: number;
  readonly workers: number;
  readonly wire: 'f32' | 'bf16';
  readonly faults: readonly { readonly what: string; readonly noticedMs: number | null }[];
  /** Parts that were made anew elsewhere. */
  readonly recoveries: number;
  readonly seconds: number;
  /** Null where it came to what it comes to undisturbed. */
  readonly failure: string | null;
}

/** A fault that the run has not noticed after so long makes no difference to it, or its end shows it. */
const NOTICE_MS = 20_000;

/** Plays a plan. @param digest what the run must come to */
export async function play(plan: Plan, digest: string, folder: string): Promise<Report> {
  const { seed, workers, wire } = plan;
  const startedMs = performance.now();
  const run = await FaultRun.start({
    folder,
    wire,
    workers: Array.from({ length: workers }, () => 'proxied'),
  });
  const faults: { what: string; noticedMs: number | null }[] = [];
  let failure: string | null;
  let recoveries = 0;
  try {
    await run.log.since(0, 'worker.joined');
    await playFaults(plan, run, faults);
    const result = await run.finish();
    failure = failureOf(result, digest);
    recoveries = result.events.filter(({ type }) => type === 'part.recovered').length;
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  } finally {
    await run.close();
  }
  return {
    seed,
    workers,
    wire,
    faults,
    recoveries,
    seconds: (performance.now() - startedMs) / 1000,
    failure,
  };
}

async function playFaults({ faults }: Plan, run: FaultRun, told: Report['faults'][number][]): Promise<void> {
  const ends: Promise<void>[] = [];
  const gone = new Set<Member>();
  for (const fault of faults) {
    await run.log.step(fault.step);
    const alive = run.members.filter((member) => member.process.alive && !gone.has(member));
    const time = Date.now();
    const { what, shows, over } = await inject(fault, run, alive);
    if (fault.kind === 'kill' || fault.kind === 'leave') {
      gone.add(alive[Math.floor(fault.worker * alive.length)]!);
      // Somebody has to do the rest.
      if (alive.length === 1) await run.addWorker('proxied');
    }
    ends.push(over);
    const entry: { what: string; noticedMs: number | null } = { what, noticedMs: null };
    told.push(entry);
    if (!shows) continue;
    run.log.since(time, shows.type, shows.worker, NOTICE_MS).then(
      (event) => (entry.noticedMs = Date.parse(event.time) - time),
      // It is told as not noticed.
      () => undefined,
    );
  }
  await Promise.all(ends);
}

function failureOf({ outcome, steps, digest }: FaultResult, expected: string): string | null {
  if (outcome.code !== 0) return `it ended with ${outcome.code}: ${outcome.stderr.slice(-1500)}`;
  const whole = steps.length === DEFAULT_EPOCHS * STEPS_PER_EPOCH && steps.every((step, i) => step === i + 1);
  if (!whole) return `its steps are ${steps.join(' ')}`;
  return digest === expected ? null : 'its weights are others';
}
