import type { RunEvent } from '../../../core/events.js';
import type { JobEvent } from '../../../core/job/record.js';

export interface TracingOptions {
  /** Base address of a collector that takes OTLP over HTTP, such as http://localhost:4318. */
  readonly endpoint: string;
  /** Sent with every request, such as an authorization. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly service: string;
  readonly version: string;
  /** Every so many steps one has a span; 0 for none. */
  readonly everySteps: number;
  /** Told once when the collector does not take spans, and again only after it did. */
  readonly onLost: (error: Error) => void;
}

/** Which job an event is about. */
export interface TracedJob {
  readonly id: string;
  readonly name: string;
}

/**
 * Turns the events of jobs into traces, one a job: all takes of a job, on whichever coordinator, are in the
 * same one. Nothing here waits for the collector, and no method throws.
 */
export interface Tracing {
  readonly job: (event: JobEvent, job: TracedJob) => void;
  readonly run: (event: RunEvent, id: string) => void;
  /** The job is another coordinator's: its take ends here. */
  readonly lost: (id: string) => void;
  /** Ends what is open and sends what is left, for so long at most. */
  readonly close: (withinMs: number) => Promise<void>;
}
