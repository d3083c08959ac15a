import { hostname } from 'node:os';
import type { Run } from '../../store/run.js';
import type { ByteFile } from '../../store/run-store.js';
import { followPoints, type PointSink } from '../follow-points.js';
import type { Point, RunStarted } from '../points.js';
import { pointRecord, restartRecord, versionRecord } from './event-record.js';

/** A file of so many bytes is not added to: another one begins. In a bucket it is written whole each time. */
const FILE_BYTES = 1 << 20;
/** TensorBoard looks every five seconds, unless it is told otherwise. */
const WRITE_MS = 5000;

/** events.out.tfevents.SECONDS.HOST.PART: TensorBoard reads them in the order of their names. */
const EVENT_FILE = /^events\.out\.tfevents\.(\d+)\./;

/** Whether a file of a run is one of these. */
export const isEventFile = (name: string): boolean => EVENT_FILE.test(name);

/**
 * Keeps event files for TensorBoard in a run's folder. They hold nothing that the log does not: when a run goes
 * on, they are made anew of what the log then has, so that no step is missing or there twice. Those of the time
 * before stay until the next time: a TensorBoard that looks on would not get past a file that is gone.
 */
export function keepEventFiles(run: Run): void {
  followPoints(run, new EventFiles(run));
}

class EventFiles implements PointSink {
  readonly #run: Run;
  #prefix = '';
  #part = 0;
  #file: ByteFile | null = null;
  #waiting: Uint8Array[] = [];
  #writing: Promise<void> | null = null;
  #writtenMs = 0;
  #failure: Error | null = null;

  constructor(run: Run) {
    this.#run = run;
  }

  async begin(points: readonly Point[], { time }: RunStarted): Promise<void> {
    const earlier = (await this.#run.listFiles()).filter(isEventFile);
    const timeMs = Date.parse(time);
    this.#prefix = `events.out.tfevents.${nextSeconds(timeMs, earlier)}.${hostInName()}`;
    this.#waiting.push(restartRecord(timeMs));
    // One by one: the points of a long run are more than a call may have arguments.
    for (const point of points) this.#waiting.push(pointRecord(point));
    await this.#write();
    const newest = Math.max(...earlier.map(secondsOf));
    for (const name of earlier) if (secondsOf(name) < newest) await this.#run.removeFile(name);
  }

  add(points: readonly Point[]): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#waiting.push(...points.map(pointRecord));
    if (this.#writing || performance.now() - this.#writtenMs < WRITE_MS) return Promise.resolve();
    // The run does not wait for a slow store; a failure is met by the next points.
    this.#writing = this.#write()
      .catch((cause: unknown) => {
        this.#failure = cause as Error;
      })
      .finally(() => {
        this.#writing = null;
      });
    return Promise.resolve();
  }

  async end(): Promise<void> {
    await this.#writing;
    if (this.#failure) throw this.#failure;
    await this.#write();
  }

  async #write(): Promise<void> {
    const records = this.#waiting;
    this.#waiting = [];
    for (let next = 0; next < records.length;) {
      const chunk: Uint8Array[] = [];
      if (!this.#file) {
        this.#file = this.#run.beginFile(`${this.#prefix}.${String(this.#part).padStart(4, '0')}`);
        this.#part += 1;
        chunk.push(versionRecord(Date.now()));
      }
      for (let bytes = this.#file.bytes; next < records.length && bytes < FILE_BYTES; next += 1) {
        chunk.push(records[next]!);
        bytes += records[next]!.length;
      }
      await this.#file.append(Buffer.concat(chunk));
      if (this.#file.bytes >= FILE_BYTES) this.#file = null;
    }
    this.#writtenMs = performance.now();
  }
}

const secondsOf = (name: string): number => Number(EVENT_FILE.exec(name)?.[1]);

/** Behind all that are there, whatever the clock says. */
const nextSeconds = (timeMs: number, earlier: readonly string[]): string => {
  const taken = earlier.map((name) => secondsOf(name) + 1);
  return String(Math.max(Math.floor(timeMs / 1000), ...taken)).padStart(10, '0');
};

const hostInName = (): string => hostname().replaceAll(/[^\w-]+/g, '-') || 'localhost';
