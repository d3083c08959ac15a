import type { IncomingMessage } from 'node:http';
import { LocopropError } from '../../core/errors/error.js';
import { RemoteError } from '../../core/errors/remote-error.js';
import { BackOff, pause } from '../time/back-off.js';
import { failureOf, waitOf } from './answers.js';
import { ConnectionFailure, exchange, type OutgoingRequest, type ServerAddress } from './connection.js';

/** How long to try for a server that has not answered yet: it may just be starting. */
const FIRST_PATIENCE_MS = 3000;
/** And for one that has: it is restarted, or busy. */
const PATIENCE_MS = 30_000;
const SILENCE_MS = 60_000;

/** Answers of a server that has not done what was asked, and may do it later. */
const BUSY = [429, 503];
/** Of what stands before a server that is gone: it may have done it. */
const GATEWAY = [502, 504];

export interface Patience {
  readonly firstMs: number;
  readonly laterMs: number;
  /** Silence after which a stream counts as lost; the server says something more often. */
  readonly silenceMs: number;
}

export interface RepeatedRequest extends Omit<OutgoingRequest, 'silenceMs'> {
  /** Whether sending it twice is as good as once; else it is sent again only where it was not heard. */
  readonly repeatable: boolean;
}

/** Requests to one server, repeated while that makes sense. */
export class Requests {
  readonly server: ServerAddress;
  readonly patience: Patience;
  #answered = false;

  constructor(server: ServerAddress, patience: Partial<Patience> = {}) {
    this.server = server;
    this.patience = { firstMs: FIRST_PATIENCE_MS, laterMs: PATIENCE_MS, silenceMs: SILENCE_MS, ...patience };
  }

  /** The server, for messages. */
  get name(): string {
    return this.server.url.origin;
  }

  /**
   * Sends a request until it is answered with success, or it makes no sense any more.
   * @throws LocopropError SERVICE_UNREACHABLE, SERVICE_UNTRUSTED, SERVICE_ANSWER_INVALID; RemoteError; the signal's reason
   */
  async send({ repeatable, ...request }: RepeatedRequest): Promise<IncomingMessage> {
    const begun = performance.now();
    const backOff = new BackOff();
    for (;;) {
      const outcome = await this.attempt(request);
      if (outcome.answer) return outcome.answer;
      const { failure, unheard, passing, waitMs } = outcome;
      const patienceMs = this.#answered ? this.patience.laterMs : this.patience.firstMs;
      const delay = Math.max(waitMs, backOff.next());
      const spent = performance.now() - begun + delay;
      if (!passing || !(unheard || repeatable) || spent > patienceMs) throw failure;
      await pause(delay, request.signal ?? never);
    }
  }

  /** Sends a request once. @throws the signal's reason, and what opening the body throws */
  async attempt(request: Omit<OutgoingRequest, 'silenceMs'>): Promise<Attempt> {
    try {
      const answer = await exchange(this.server, { ...request, silenceMs: this.patience.silenceMs });
      const status = answer.statusCode ?? 0;
      this.#answered ||= !GATEWAY.includes(status);
      if (status >= 200 && status < 300) return { answer };
      const waitMs = waitOf(answer);
      const failure = await failureOf(answer, this.name);
      // It may have come before all of the body was sent, which would go on.
      answer.destroy();
      const busy = BUSY.includes(status);
      return { answer: null, failure, unheard: busy, passing: busy || GATEWAY.includes(status), waitMs };
    } catch (cause) {
      if (!(cause instanceof ConnectionFailure)) throw cause;
      return { answer: null, ...this.lost(cause) };
    }
  }

  /**
   * Sends a request that has been answered before, for as long as it takes: the server may be started anew.
   * @throws what makes no sense to repeat; the signal's reason
   */
  async insist(request: Omit<OutgoingRequest, 'silenceMs'>): Promise<IncomingMessage> {
    const backOff = new BackOff();
    for (;;) {
      const outcome = await this.attempt(request);
      if (outcome.answer) return outcome.answer;
      const { failure, passing, waitMs } = outcome;
      const mayPass = passing || (failure instanceof RemoteError && failure.retryable);
      if (!mayPass) throw failure;
      await pause(Math.max(waitMs, backOff.next()), request.signal ?? never);
    }
  }

  /** What a connection that was not made or broke comes to. */
  lost(cause: ConnectionFailure): Failed {
    const details = { server: this.name, reason: cause.message };
    const failure = new LocopropError(
      cause.untrusted ? 'SERVICE_UNTRUSTED' : 'SERVICE_UNREACHABLE',
      details,
      {
        cause,
      },
    );
    // A name that was known and is not any more will be known again.
    const passing = cause.passing || (cause.unknownHost && this.#answered);
    return { failure, unheard: !cause.sent, passing, waitMs: 0 };
  }
}

export interface Failed {
  readonly failure: Error & { readonly retryable: boolean };
  /** Whether the server has surely not done what was asked. */
  readonly unheard: boolean;
  readonly passing: boolean;
  /** What the server asks to wait. */
  readonly waitMs: number;
}

export type Attempt = { readonly answer: IncomingMessage } | ({ readonly answer: null } & Failed);

const never = new AbortController().signal;
