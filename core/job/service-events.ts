import type { RunEventBody } from '../events.js';

/** One answered request. */
export interface RequestEvent {
  readonly type: 'request';
  /** Its own id, which an answer over HTTP has too. */
  readonly request: string;
  readonly transport: 'http' | 'grpc';
  /** Of HTTP: GET, POST, …; of gRPC: the name of the call. */
  readonly method: string;
  /** The pattern that it met, such as `/v1/jobs/:id`; null where there is nothing at its path. */
  readonly route: string | null;
  /** The status code of HTTP, or the name of that of gRPC. */
  readonly status: number | string;
  readonly seconds: number;
  readonly peer: string;
  /** The name of its token; null without one. */
  readonly tokenName: string | null;
}

/** Workers come and go also while there is no job: the same events as in a run. */
export type FleetEvent = Extract<RunEventBody, { readonly type: `worker.${string}` }>;

/** What happens between a run and a program that it is logged to; `run` is its name there. */
export type TrackingEvent =
  /** It does not take points, or, where that is final, refuses them; told once until it takes them again. */
  | {
      readonly type: 'tracking.lost';
      readonly server: string;
      readonly run: string;
      readonly reason: string;
      readonly final: boolean;
    }
  | {
      readonly type: 'tracking.restored';
      readonly server: string;
      readonly run: string;
      readonly seconds: number;
    }
  /** The time for it is over, and so many points have not arrived. */
  | {
      readonly type: 'tracking.incomplete';
      readonly server: string;
      readonly run: string;
      readonly points: number;
      readonly reason: string;
    };

/** What happens to a coordinator, beside its jobs; only its log has it. */
export type ServiceEvent =
  | {
      readonly type: 'coordinator.started';
      /** Its name in the records of jobs. */
      readonly coordinator: string;
      /** Addresses; null where it does not listen. */
      readonly http: string | null;
      readonly grpc: string | null;
      readonly workers: string | null;
      readonly store: string;
      readonly queue: string;
    }
  | { readonly type: 'coordinator.ready'; readonly coordinator: string }
  | {
      readonly type: 'coordinator.stopping';
      readonly coordinator: string;
      readonly reason: string;
      /** That it runs. */
      readonly jobs: number;
    }
  | { readonly type: 'coordinator.stopped'; readonly coordinator: string; readonly seconds: number }
  /** A failure that nothing foresaw: a defect. */
  | { readonly type: 'coordinator.failed'; readonly reason: string; readonly stack: string | null }
  | { readonly type: 'queue.rebuilt'; readonly queue: string; readonly added: number }
  /** An entry of the queue started nothing: its job has moved on, as when the queue gives one out twice. */
  | {
      readonly type: 'queue.dropped';
      readonly jobId: string;
      readonly ticket: number;
      readonly reason: string;
    }
  | { readonly type: 'queue.lost'; readonly queue: string; readonly reason: string }
  | { readonly type: 'queue.restored'; readonly queue: string; readonly seconds: number }
  /** It answers, but an entry was gone, or another coordinator's, when its handler ended. */
  | { readonly type: 'queue.refused'; readonly queue: string; readonly reason: string }
  | { readonly type: 'store.lost'; readonly store: string; readonly reason: string }
  | { readonly type: 'store.restored'; readonly store: string; readonly seconds: number }
  /** Something in the store cannot be read; it is passed over. */
  | {
      readonly type: 'store.damaged';
      readonly store: string;
      readonly file: string;
      readonly reason: string;
    }
  /** A job that this coordinator ran is another one's: what this one still did for it is dropped. */
  | { readonly type: 'job.lost'; readonly jobId: string; readonly fence: number; readonly reason: string }
  | RequestEvent
  /** A request failed in a way that nothing foresaw. */
  | {
      readonly type: 'request.failed';
      readonly request: string;
      readonly method: string;
      readonly route: string | null;
      readonly reason: string;
      readonly stack: string | null;
    }
  | { readonly type: 'tokens.reloaded'; readonly file: string; readonly tokens: number }
  /** The tokens that were read before still hold. */
  | { readonly type: 'tokens.broken'; readonly file: string; readonly reason: string }
  | { readonly type: 'retention.removed'; readonly jobId: string; readonly reason: string }
  | { readonly type: 'traces.lost'; readonly endpoint: string; readonly reason: string }
  | TrackingEvent
  | { readonly type: 'metrics.missing'; readonly source: string; readonly reason: string }
  /** What ended the process. */
  | {
      readonly type: 'process.failed';
      readonly code: string;
      readonly reason: string;
      readonly remedy: string;
    }
  /** A remark for people. */
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'log.level'; readonly from: string; readonly to: string };
