import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { LocopropError } from '../../core/errors/error.js';
import { hasCode, writeFailed } from './failure.js';

/** Whether a process has a folder for itself alone, or with others that say `shared` too. */
export type Sharing = 'alone' | 'shared';

/** A process that has, or wants, the folder. */
interface Claim {
  readonly sharing: Sharing;
  /** Name of the machine, as it can stand in a file name. */
  readonly host: string;
  readonly pid: number;
  /** When the process started, in clock ticks since boot; 0 where the system does not say. */
  readonly start: number;
}

const ATTEMPTS = 4;
const MAX_PAUSE_MS = 100;

// All that a claim says is its name, so it is made in one step: there is no half-written claim.
const fileName = ({ sharing, host, pid, start }: Claim): string =>
  `${sharing === 'alone' ? 'run.lock' : 'run.shared'}.${host}.${pid}.${start}`;

const thisHost = (): string => encodeURIComponent(hostname());

function parseClaim(name: string): Claim | null {
  const match = /^run\.(lock|shared)\.(.+)\.(\d{1,10})\.(\d{1,16})$/.exec(name);
  if (!match) return null;
  const [, kind, host = '', pid, start] = match;
  return { sharing: kind === 'lock' ? 'alone' : 'shared', host, pid: Number(pid), start: Number(start) };
}

/** Whether a file of the folder belongs to the lock. */
export const isLockFile = (name: string): boolean => parseClaim(name) !== null;

/**
 * Takes a folder for this process. Each process adds a claim of its own and has the folder when it then
 * sees no other living one that keeps it out; of two, the later always sees the earlier. Claims of dead
 * processes are removed: nobody ever takes a claim over, so there is no moment at which two
 * processes could take the same one.
 *
 * @returns what gives the folder up
 * @throws STORE_LOCKED naming the process that has it; STORE_WRITE_FAILED
 */
export async function lockFolder(folder: string, sharing: Sharing): Promise<() => Promise<void>> {
  const own: Claim = {
    sharing,
    host: thisHost(),
    pid: process.pid,
    start: (await startOf(process.pid)) ?? 0,
  };
  const file = join(folder, fileName(own));
  const release = (): Promise<void> => rm(file, { force: true });
  for (let attempt = 1; ; attempt += 1) {
    const holder = await claim(folder, own);
    if (!holder) return release;
    if (attempt === ATTEMPTS) {
      const { host, pid } = holder;
      throw new LocopropError('STORE_LOCKED', {
        directory: folder,
        host,
        pid,
        file: join(folder, fileName(holder)),
      });
    }
    // Two that start at the same moment see each other and both step back.
    await setTimeout(Math.random() * MAX_PAUSE_MS);
  }
}

/** Adds a claim; gives the living one in its way, if any, and then takes the new one back. */
async function claim(folder: string, own: Claim): Promise<Claim | null> {
  const file = join(folder, fileName(own));
  try {
    await writeFile(file, '', { flag: 'wx' });
  } catch (cause) {
    // This very process has the folder already.
    if (hasCode(cause, 'EEXIST')) return own.sharing === 'alone' ? own : null;
    throw writeFailed(folder, cause);
  }
  try {
    const holder = await livingClaim(folder, own);
    if (holder) await rm(file, { force: true });
    return holder;
  } catch (cause) {
    await Promise.allSettled([rm(file, { force: true })]);
    throw writeFailed(folder, cause);
  }
}

/** A living claim that keeps this one out. */
async function livingClaim(folder: string, own: Claim): Promise<Claim | null> {
  for (const name of await readdir(folder)) {
    const other = name === fileName(own) ? null : parseClaim(name);
    if (!other) continue;
    const alive = await isAlive(other);
    if (!alive) await rm(join(folder, name), { force: true });
    if (alive && (own.sharing === 'alone' || other.sharing === 'alone')) return other;
  }
  return null;
}

/** Nothing is known of other machines' processes: they count as alive. */
async function isAlive({ host, pid, start }: Claim): Promise<boolean> {
  if (host !== thisHost()) return true;
  const found = await startOf(pid);
  // The number of a dead process may have gone to a new one, which then started at another time.
  return found !== null && (found === start || found === 0 || start === 0);
}

/** When a process started, in clock ticks since boot; 0 where the system does not say; null when it is dead. */
async function startOf(pid: number): Promise<number | null> {
  try {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8');
    // proc(5): "pid (name) state …", the name may hold anything; start time is field 22.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    const [state = ''] = fields;
    return ['Z', 'X'].includes(state) ? null : Number(fields[19] ?? 0);
  } catch (cause) {
    // No /proc, or one that hides the processes of others.
    if (hasCode(cause, 'ENOENT', 'ESRCH')) return exists(pid) ? 0 : null;
    throw cause;
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    // EPERM: there, but not ours to signal.
    return hasCode(cause, 'EPERM');
  }
}
