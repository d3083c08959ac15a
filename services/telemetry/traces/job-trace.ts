import {
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type { RunEvent } from '../../../core/events.js';
import type { JobFailure } from '../../../core/job/record.js';
import { scrubText } from '../scrub.js';
import { hrTime } from './times.js';

export interface JobTraceOptions {
  readonly startMs: number;
  /** Every so many steps one has a span; 0 for none. */
  readonly everySteps: number;
}

type StepDone = Extract<RunEvent, { readonly type: 'step.done' }>;
type EpochDone = Extract<RunEvent, { readonly type: 'epoch.done' }>;

interface OpenEpoch {
  readonly number: number;
  readonly span: Span;
  readonly context: Context;
}

/**
 * The spans of one take of a job, made from its events: what an event tells the end of began with the event
 * before it, as the trainer does one thing after the other.
 */
export class JobTrace {
  readonly #tracer: Tracer;
  readonly #root: Span;
  readonly #context: Context;
  readonly #options: JobTraceOptions;
  #epoch: OpenEpoch | null = null;
  /** When the trainer's last event was. */
  #lastMs: number;

  constructor(tracer: Tracer, root: Span, options: JobTraceOptions) {
    this.#tracer = tracer;
    this.#root = root;
    this.#context = trace.setSpan(ROOT_CONTEXT, root);
    this.#options = options;
    this.#lastMs = options.startMs;
  }

  add(event: RunEvent): void {
    const atMs = Date.parse(event.time);
    switch (event.type) {
      case 'run.started':
        this.#span('load', this.#context, atMs, primitives(event));
        break;
      case 'step.done':
        this.#step(event, atMs);
        break;
      case 'epoch.done':
        this.#evaluated(event, atMs);
        break;
      case 'checkpoint.saved':
        this.#span('checkpoint', this.#context, atMs, primitives(event));
        break;
      case 'run.ended':
        this.#endEpoch();
        break;
      default:
        this.#root.addEvent(event.type, primitives(event), hrTime(atMs));
        return;
    }
    this.#lastMs = atMs;
  }

  end(outcome: string, atMs: number, failure: JobFailure | null): void {
    this.#endEpoch();
    this.#root.setAttribute('locoprop.job.outcome', outcome);
    if (failure) {
      this.#root.setAttribute('locoprop.error.code', failure.code);
      this.#root.setStatus({ code: SpanStatusCode.ERROR, message: scrubText(failure.message) });
    }
    this.#root.end(hrTime(atMs));
  }

  #step(event: StepDone, atMs: number): void {
    const { epoch: number, step, loss, examples, seconds, phases } = event;
    const startMs = atMs - 1000 * seconds;
    if (this.#epoch?.number !== number) {
      this.#endEpoch();
      const startTime = hrTime(startMs);
      const attributes = { 'locoprop.epoch': number };
      const span = this.#tracer.startSpan('epoch', { startTime, attributes }, this.#context);
      this.#epoch = { number, span, context: trace.setSpan(this.#context, span) };
    }
    const { everySteps } = this.#options;
    if (everySteps === 0 || step % everySteps !== 0) return;
    const times = Object.entries(phases).map(([phase, took]) => [`locoprop.seconds.${phase}`, took] as const);
    const attributes = { ...named({ step, loss, examples }), ...Object.fromEntries(times) };
    const span = this.#tracer.startSpan(
      'step',
      { startTime: hrTime(startMs), attributes },
      this.#epoch.context,
    );
    span.end(hrTime(atMs));
  }

  #evaluated(event: EpochDone, atMs: number): void {
    const { trainLoss, testLoss, trainAccuracy, testAccuracy, examplesPerSecond } = event;
    const parent = this.#epoch?.context ?? this.#context;
    this.#span('evaluate', parent, atMs, {});
    this.#epoch?.span.setAttributes(
      named({ trainLoss, testLoss, trainAccuracy, testAccuracy, examplesPerSecond }),
    );
    this.#lastMs = atMs;
    this.#endEpoch();
  }

  #endEpoch(): void {
    this.#epoch?.span.end(hrTime(this.#lastMs));
    this.#epoch = null;
  }

  /** A span of what the trainer did since its last event. */
  #span(name: string, parent: Context, endMs: number, attributes: Attributes): void {
    const startTime = hrTime(this.#lastMs);
    this.#tracer.startSpan(name, { startTime, attributes }, parent).end(hrTime(endMs));
  }
}

/** The fields of an event that are no more than a number or a text. */
const primitives = ({ type: _type, time: _time, ...fields }: RunEvent): Attributes => named(fields);

function named(fields: object): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(fields) as [string, unknown][]) {
    if (typeof value === 'string') attributes[`locoprop.${name}`] = scrubText(value);
    if (typeof value === 'number' || typeof value === 'boolean') attributes[`locoprop.${name}`] = value;
  }
  return attributes;
}
