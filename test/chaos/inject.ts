import type { RunEvent } from '#core/events.js';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultRun, Member } from '../faults/fault-run.js';
import type { Fault } from './draw.js';

/** What was done to a run. */
export interface Injected {
  /** For people. */
  readonly what: string;
  /** The event that shows that the run knows of it, and of whom; null where it need not notice. */
  readonly shows: { readonly type: RunEvent['type']; readonly worker: string | null } | null;
  /** Resolves once it is over. */
  readonly over: Promise<void>;
}

type Injection = (
  fault: Fault,
  run: FaultRun,
  member: Member,
  whenOver: WhenOver,
) => Promise<Injected['shows']>;
type WhenOver = (mend: () => void) => void;

const lossOf = ({ name }: Member): Injected['shows'] => ({ type: 'worker.lost', worker: name });

/** Something done to a worker or its link of which the run must lose it. */
const losing =
  (harm: (fault: Fault, member: Member, whenOver: WhenOver) => void): Injection =>
  (fault, _, member, whenOver) => {
    harm(fault, member, whenOver);
    return Promise.resolve(lossOf(member));
  };

/** Has a stopped process go on; another fault may have killed it meanwhile. */
function goOn(process: Member['process']): void {
  if (process.alive) process.signal('SIGCONT');
}

const injections: Readonly<Record<Fault['kind'], Injection>> = {
  kill: losing((_, { process }) => process.signal('SIGKILL')),
  stop: losing((_, { process }, whenOver) => {
    process.signal('SIGSTOP');
    whenOver(() => goOn(process));
  }),
  cut: losing((_, { proxy }, whenOver) => {
    proxy!.cut();
    whenOver(() => proxy!.heal());
  }),
  'black hole': losing((_, { proxy }, whenOver) => {
    proxy!.blackhole();
    whenOver(() => proxy!.heal());
  }),
  slow: ({ bytesPerSecond, latencyMs }, _, { proxy }, whenOver) => {
    proxy!.slow({ bytesPerSecond, latencyMs });
    whenOver(() => proxy!.heal());
    return Promise.resolve(null);
  },
  corrupt: losing(({ bytes, direction }, { proxy }) => proxy!.corrupt(bytes, direction)),
  close: losing(({ bytes, direction }, { proxy }) => proxy!.closeAfter(bytes, direction)),
  join: async (_, run) => {
    const { name } = await run.addWorker('proxied');
    return { type: 'worker.joined', worker: name };
  },
  leave: (_, __, { name, process }) => {
    process.signal('SIGTERM');
    return Promise.resolve({ type: 'worker.left', worker: name });
  },
  'kill coordinator': async (_, run) => {
    await run.killCoordinator();
    return { type: 'run.started', worker: null };
  },
  'stop coordinator': (_, { coordinator }, __, whenOver) => {
    coordinator.signal('SIGSTOP');
    whenOver(() => goOn(coordinator));
    return Promise.resolve(null);
  },
};

const ofCoordinator: ReadonlySet<Fault['kind']> = new Set(['kill coordinator', 'stop coordinator', 'join']);

/** What a fault of a kind is described by. */
function describe({ kind, durationMs, bytes, direction, bytesPerSecond }: Fault): string {
  if (kind === 'corrupt' || kind === 'close') return `${kind} after ${bytes} B ${direction}`;
  if (kind === 'slow') return `slow ${Math.round(bytesPerSecond / 1000)} kB/s for ${durationMs} ms`;
  return ['stop', 'cut', 'black hole', 'stop coordinator'].includes(kind) ? `${kind} ${durationMs} ms` : kind;
}

/** Does what a fault says to one of the workers that are alive. */
export async function inject(fault: Fault, run: FaultRun, alive: readonly Member[]): Promise<Injected> {
  const member = alive[Math.floor(fault.worker * alive.length)]!;
  let over: Promise<void> = Promise.resolve();
  const shows = await injections[fault.kind](fault, run, member, (mend) => {
    over = sleep(fault.durationMs).then(mend);
  });
  const whom = ofCoordinator.has(fault.kind) ? '' : ` ${member.name}`;
  return { what: `${fault.step}: ${describe(fault)}${whom}`, shows, over };
}
