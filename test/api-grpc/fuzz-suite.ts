import type { MethodName } from '#coordinator/api/grpc/requests.js';
import { neededRole } from '#coordinator/api/grpc/access.js';
import type { JobService } from '#coordinator/service/job-service.js';
import { status as Status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { newSeed, numbers } from '../store/support.js';
import { collect, type PlainClient, refusalOf, service as definition } from './client.js';
import { type Serving, specText, submit } from './support.js';

export const seconds = Number(process.env['FUZZ_SECONDS'] ?? 4);
export const methods = Object.keys(neededRole) as MethodName[];

/** What may be wrong with a request; nothing of it is the server's fault. */
const allowed = [
  Status.OK,
  Status.INVALID_ARGUMENT,
  Status.NOT_FOUND,
  Status.FAILED_PRECONDITION,
  Status.RESOURCE_EXHAUSTED,
  Status.DATA_LOSS,
];

const bytesSent = (client: PlainClient, method: MethodName, bytes: Buffer): Promise<unknown> => {
  const { requestStream, responseStream } = definition[method]!;
  if (requestStream) return client.upload([bytes, bytes]);
  return responseStream ? collect(client.openRaw(method, bytes)) : client.raw(method, bytes);
};

async function statusAfter(answer: Promise<unknown>): Promise<Status> {
  try {
    await answer;
    return Status.OK;
  } catch {
    return (await refusalOf(answer)).status;
  }
}

/** An interface with a job and what else there is. */
export interface FuzzSubject {
  readonly far: Serving<JobService>;
  /** Ids, cursors and names that mean something there. */
  readonly known: readonly string[];
}

/** Random requests, whatever service is behind the interface. */
export function answersAnything(name: string, open: () => Promise<FuzzSubject>): void {
  it(
    `${name}: any bytes and any values as a request get an answer or a refusal`,
    { timeout: seconds * 3000 + 60_000 },
    async () => {
      const random = numbers(newSeed());
      const pick = (bound: number): number => Math.floor(random() * bound);
      const oneOf = <Value>(values: readonly Value[]): Value => values[pick(values.length)]!;
      const { far, known } = await open();

      const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => pick(256)));
      const text = (): string =>
        oneOf([
          () => '',
          () => oneOf(known),
          () => specText(),
          () => '../../etc/passwd',
          () => 'job-1\0',
          () => '__proto__',
          () => '\ud800',
          () => 'é'.repeat(pick(3000)),
          () => bytes(pick(40)).toString('latin1'),
        ])();
      const value = (): unknown => oneOf([text, text, text, () => pick(2 ** 31), () => pick(2) === 0])();
      const request = (): object => ({
        ...{ id: text(), name: text(), after: text(), cursor: text(), spec: text(), source: text() },
        ...{ states: Array.from({ length: pick(12) }, () => pick(12)), limit: pick(600) },
        ...(pick(2) === 0 ? { idempotencyKey: text() } : {}),
        ...oneOf([{}, { header: { name: text(), sha256: text() } }, { data: bytes(pick(100)) }]),
        // Without it, a watch of a job that never ends would wait.
        follow: false,
      });
      /** A message with some field of any number and any type. */
      const wild = (): Buffer => {
        const key = (pick(20) << 3) | pick(8);
        const given = Buffer.from(String(value()));
        return Buffer.concat([Buffer.from([key, given.length & 127]), given]);
      };

      const statuses = new Set<Status>();
      const until = performance.now() + seconds * 1000;
      while (performance.now() < until) {
        const method = oneOf(methods);
        const message = definition[method]!.requestSerialize(request());
        const mangled = Buffer.from(message);
        for (let change = pick(4); change > 0 && mangled.length > 0; change -= 1) {
          mangled[pick(mangled.length)] = pick(256);
        }
        const sent = oneOf([message, mangled, bytes(pick(60)), wild(), Buffer.concat([message, wild()])]);
        // A mangled `follow` may be true.
        const status = await statusAfter(withoutWaiting(far.client, method, sent));
        statuses.add(status);
        expect(allowed, `${method} ${sent.toString('hex')}`).toContain(status);
      }
      expect([...statuses]).toEqual(
        expect.arrayContaining([Status.OK, Status.INVALID_ARGUMENT, Status.NOT_FOUND]),
      );
      expect(far.log.filter(({ level }) => level === 'error')).toEqual([]);
      // The requests may have cancelled and deleted the first one.
      const later = await submit(far);
      expect(await far.client.call('GetJob', { id: later })).toMatchObject({ job: { id: later } });
    },
  );
}

/** As `bytesSent`; a watch that has nothing more to tell is let go. */
async function withoutWaiting(client: PlainClient, method: MethodName, bytes: Buffer): Promise<unknown> {
  if (method !== 'WatchJob' && method !== 'GetJobLogs') return bytesSent(client, method, bytes);
  const stream = client.openRaw(method, bytes);
  const given = collect(stream);
  // Accepted: what follows is no matter of the request.
  stream.once('metadata', () => setTimeout(() => stream.cancel(), 20));
  return given.catch((error: unknown) => {
    if ((error as { code: Status }).code !== Status.CANCELLED) throw error;
  });
}
