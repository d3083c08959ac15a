import type { LogLine } from './log-stream.js';
import type { LogLevel } from '../../../core/log-level.js';
import type { Tokens } from '../../../services/security/tokens.js';
import type { JobService } from '../../service/job-service.js';

export interface HttpLimits {
  /** Bytes of a spec. */
  readonly specBytes: number;
  /** Bytes of an upload that its length announces; the service counts those that come. */
  readonly uploadBytes: number;
  /** In which the head of a request has to come. */
  readonly headSeconds: number;
  /** In which a small body has to come, and in which an upload has to bring `uploadPaceBytes`. */
  readonly bodySeconds: number;
  readonly uploadPaceBytes: number;
  /** How long a client may take nothing of an answer that is under way. */
  readonly stallSeconds: number;
  /** Between two comments in a stream of events where nothing happens. */
  readonly heartbeatSeconds: number;
  /** How long the rest of a body is still read, and thrown away, after its request was refused. */
  readonly lingerSeconds: number;
  /** How long requests in hand may take once the server closes. */
  readonly closeSeconds: number;
  readonly connections: number;
  /** Streams of events and logs at a time. */
  readonly streams: number;
  /** Requests of one token, or of one address without a token; null for no limit. */
  readonly rate: { readonly requests: number; readonly seconds: number } | null;
}

export const defaultHttpLimits: HttpLimits = {
  specBytes: 2 ** 20,
  uploadBytes: 2 ** 34,
  headSeconds: 10,
  bodySeconds: 30,
  uploadPaceBytes: 2 ** 16,
  stallSeconds: 60,
  heartbeatSeconds: 15,
  lingerSeconds: 2,
  closeSeconds: 5,
  connections: 2000,
  streams: 1000,
  rate: { requests: 6000, seconds: 60 },
};

/** A request that was answered. */
export interface RequestEntry {
  readonly requestId: string;
  readonly method: string;
  /** As the table has it; null where there is no such route. */
  readonly route: string | null;
  readonly status: number;
  readonly milliseconds: number;
  /** Of the token; null where there is none. */
  readonly token: string | null;
  readonly address: string;
}

export interface HttpLog {
  readonly request: (entry: RequestEntry) => void;
  /** A failure of the coordinator's own, with what only the log may have of it. */
  readonly failure: (entry: {
    readonly requestId: string;
    readonly route: string | null;
    readonly error: unknown;
  }) => void;
}

/** What routes use besides the service. */
export interface HttpFacilities {
  readonly version: string;
  readonly limits: HttpLimits;
  /** What a log says of an item of a job's feed; null where it says nothing. */
  readonly logLine: LogLine;
  /** The metrics of this process for Prometheus; null where there are none. */
  readonly metricsText: (() => Promise<string>) | null;
  /** Sets the level of the coordinator's log. */
  readonly setLogLevel: (level: LogLevel) => void;
}

export interface HttpApiOptions {
  readonly service: JobService;
  /** HOST:PORT to listen on. */
  readonly address: string;
  /** PEM; null for a plain connection. */
  readonly tls: { readonly certificate: Buffer; readonly key: Buffer } | null;
  /** Null lets everybody in: for loopback, or where the operator has asked for it. */
  readonly tokens: Tokens | null;
  readonly limits?: Partial<HttpLimits>;
  readonly log: HttpLog;
  readonly logLine: LogLine;
  readonly setLogLevel: (level: LogLevel) => void;
  readonly metricsText?: () => Promise<string>;
  /** Whether /metrics needs no token. */
  readonly openMetrics?: boolean;
  /** Of the built dashboard, where it is not beside this program. */
  readonly pageFolder?: string | undefined;
  /** Of this program. */
  readonly version: string;
}

export interface HttpApi {
  /** HOST:PORT that it listens on. */
  readonly address: string;
  /** With the scheme, and without a slash at the end. */
  readonly url: string;
  /** Ends its streams and then, once the requests in hand are answered, all connections. */
  close(): Promise<void>;
}
