import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT_CONTEXT, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { RunEvent } from '../../../core/events.js';
import type { JobEvent } from '../../../core/job/record.js';
import type { TracedJob, Tracing, TracingOptions } from './contract.js';
import { JobIds, traceIdOf } from './job-ids.js';
import { JobTrace } from './job-trace.js';
import { hrTime } from './times.js';

/** A request, its repeats included, is given up then. */
const EXPORT_MS = 3000;
const BATCH_MS = 1000;
/** Spans that wait for a collector; more are dropped. */
const MAX_WAITING = 2048;

/** What ends the take of a job, with what has become of it. */
const outcomes: Readonly<Partial<Record<JobEvent['type'], string>>> = {
  'job.paused': 'paused',
  'job.cancelled': 'cancelled',
  'job.completed': 'completed',
  'job.failed': 'failed',
  'job.retried': 'retried',
  'job.returned': 'returned',
};

/** Traces to a collector that takes OTLP over HTTP, in JSON. */
export class OtlpTracing implements Tracing {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #agent: HttpAgent;
  readonly #ids = new JobIds();
  readonly #open = new Map<string, JobTrace>();
  readonly #options: TracingOptions;

  constructor(options: TracingOptions & { readonly url: string }) {
    const { url, headers = {}, service, version } = options;
    this.#options = options;
    this.#agent = url.startsWith('https:')
      ? new HttpsAgent({ keepAlive: true })
      : new HttpAgent({ keepAlive: true });
    const exporter = new OTLPTraceExporter({
      url,
      headers,
      timeoutMillis: EXPORT_MS,
      httpAgentOptions: () => this.#agent,
    });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': service, 'service.version': version }),
      idGenerator: this.#ids,
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: watched(exporter, options.onLost),
          scheduledDelayMillis: BATCH_MS,
          exportTimeoutMillis: 2 * EXPORT_MS,
          maxQueueSize: MAX_WAITING,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer(service, version);
  }

  readonly job = (event: JobEvent, { id, name }: TracedJob): void => {
    if (event.type === 'job.started') {
      // One that was left open is of a take whose end this process did not see.
      this.lost(id);
      this.#open.set(id, this.#begin(event, { id, name }));
      return;
    }
    const outcome = outcomes[event.type];
    if (outcome !== undefined) this.#end(id, outcome, event);
  };

  readonly run = (event: RunEvent, id: string): void => {
    this.#open.get(id)?.add(event);
  };

  readonly lost = (id: string): void => {
    const now = { time: new Date().toISOString() };
    this.#end(id, 'lost', now);
  };

  readonly close = async (withinMs: number): Promise<void> => {
    for (const id of [...this.#open.keys()]) this.lost(id);
    const ending = new AbortController();
    const late = delay(withinMs, undefined, { signal: ending.signal });
    // Why spans could not be sent was told already, and that they were not is no failure of the process.
    await Promise.race([this.#provider.shutdown(), late]).catch(() => undefined);
    ending.abort();
    // Requests that are still under way would keep the process.
    this.#agent.destroy();
  };

  #begin({ time, coordinator, fence, attempt }: Started, { id, name }: TracedJob): JobTrace {
    this.#ids.next = traceIdOf(id);
    const startMs = Date.parse(time);
    const attributes = {
      'locoprop.job.id': id,
      'locoprop.job.name': name,
      'locoprop.job.attempt': attempt,
      'locoprop.job.fence': fence,
      'locoprop.coordinator': coordinator,
    };
    const span = this.#tracer.startSpan(
      'job',
      { root: true, startTime: hrTime(startMs), attributes },
      ROOT_CONTEXT,
    );
    return new JobTrace(this.#tracer, span, { startMs, everySteps: this.#options.everySteps });
  }

  #end(id: string, outcome: string, event: Pick<JobEvent, 'time'> & Partial<Failing>): void {
    this.#open.get(id)?.end(outcome, Date.parse(event.time), event.failure ?? null);
    this.#open.delete(id);
  }
}

type Started = Extract<JobEvent, { readonly type: 'job.started' }>;
type Failing = Pick<Extract<JobEvent, { readonly type: 'job.failed' }>, 'failure'>;

/** Tells of the first failure, and of the first after a success. */
function watched(exporter: SpanExporter, onLost: (error: Error) => void): SpanExporter {
  let lost = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const { error } = result;
        if (error && !lost) onLost(error);
        lost = error !== undefined;
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}
