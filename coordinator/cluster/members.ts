import type { WorkerInfo } from '../../core/events.js';
import type { FleetEvent } from '../../core/job/service-events.js';
import type { Hello } from '../../services/rpc/messages.js';
import { listen, type WorkerServer } from '../../services/rpc/worker-server.js';
import type { TransportSecurity } from '../../services/security/transport-security.js';
import type { Place } from './place.js';
import type { Places } from './places.js';
import type { HeldParts } from './shared-place.js';
import { SolveHistory } from './solve-history.js';
import { WorkerLink } from './worker-link.js';
import { WorkerPlace } from './worker-place.js';

/** A worker from which nothing came for so long is lost. */
export const DEFAULT_LEASE_MS = 5000;

export interface MembersOptions {
  /** HOST:PORT; port 0 for any. */
  readonly address: string;
  readonly security: TransportSecurity;
  readonly job: string;
  readonly leaseMs: number;
  readonly places: Places;
  readonly emit: (event: FleetEvent) => void;
}

/** A worker that is there. */
export interface Member {
  readonly info: WorkerInfo;
  readonly joinedAt: Date;
  readonly place: Place;
  /** Of all jobs. */
  readonly held: HeldParts;
  /** Of all jobs. */
  readonly history: SolveHistory;
}

/** Workers dial in, announce themselves and become places. */
export class Members {
  readonly #options: MembersOptions;
  readonly #names = new Set<string>();
  readonly #links = new Set<WorkerLink>();
  readonly #members = new Map<Place, Member>();
  #server: WorkerServer | null = null;
  #closing: { readonly reason: string; readonly runEnded: boolean } | null = null;

  private constructor(options: MembersOptions) {
    this.#options = options;
  }

  /** @throws LocopropError CLUSTER_LISTEN_FAILED, CLUSTER_ADDRESS_INVALID */
  static async open(options: MembersOptions): Promise<Members> {
    const members = new Members(options);
    const { address, security, emit } = options;
    members.#server = await listen({
      address,
      security,
      onWorker: (hello, attach) => {
        const name = members.#nameOf(hello);
        const link = members.#welcome(name, hello);
        link.open(attach(link));
        // Who comes at the last moment is told so, and is not waited for.
        if (members.#closing) link.end(members.#closing.reason, members.#closing.runEnded);
      },
      onRefused: (peer, { code, message }) => emit({ type: 'worker.refused', peer, code, reason: message }),
    });
    return members;
  }

  /** Where it listens, with the port that it got. */
  get address(): string {
    return this.#server!.address;
  }

  /** The workers that are there, in the order in which they came. */
  get all(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** The member behind a place. */
  of(place: Place): Member | undefined {
    return this.#members.get(place);
  }

  /** Lets those go that want to leave and have no part any more. */
  dismissIdle(): void {
    for (const { place, held } of this.#members.values()) {
      if (place.leaving && held.size === 0) place.dismiss();
    }
  }

  /**
   * Ends all connections.
   * @param runEnded whether there is no use in joining again
   */
  async close(reason: string, runEnded: boolean): Promise<void> {
    this.#closing = { reason, runEnded };
    for (const link of this.#links) link.end(reason, runEnded);
    await this.#server?.close();
  }

  #welcome(name: string, hello: Hello): WorkerLink {
    const { job, leaseMs, places, emit } = this.#options;
    let place: WorkerPlace | null = null;
    const link = new WorkerLink(hello, {
      name,
      job,
      leaseMs,
      onLeaving: () => {
        if (!place) return;
        place.leaving = true;
        places.changed();
        this.dismissIdle();
      },
    });
    this.#links.add(link);
    link.lost.addEventListener('abort', () => {
      this.#links.delete(link);
      this.#names.delete(name);
      if (!place) return;
      this.#members.delete(place);
      if (this.#closing) return;
      const reason = link.lossReason;
      emit({ type: place.leaving ? 'worker.left' : 'worker.lost', worker: name, reason });
    });
    void link.ready.then(
      (bandwidth) => {
        place = new WorkerPlace(name, link, bandwidth);
        const { host, engine, threads, memoryBytes, gflops } = hello;
        const info = { worker: name, host, engine, threads, memoryBytes, gflops, bandwidth };
        const member = { info, joinedAt: new Date(), place, held: new Map(), history: new SolveHistory() };
        this.#members.set(place, member);
        emit({ type: 'worker.joined', ...info });
        places.add(place);
      },
      () => undefined,
    );
    return link;
  }

  /** The worker's own name, or with a number where another has it. */
  #nameOf({ name }: Hello): string {
    for (let number = 1; ; number++) {
      const own = number === 1 ? name : `${name}-${number}`;
      if (this.#names.has(own)) continue;
      this.#names.add(own);
      return own;
    }
  }
}
