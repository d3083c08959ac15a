import { logLevels } from '../log-level.js';
import { engineChoices } from '../engine-names.js';
import type { CertificateFiles, Setting, SettingsCommand } from './setting.js';

/** Of runs in MLflow. */
export const DEFAULT_EXPERIMENT = 'locoprop';

const service = ['coordinator', 'up'] as const;
const everywhere = ['coordinator', 'up', 'worker'] as const;

const count = (minimum: number, maximum: number) => ({ type: 'whole', minimum, maximum }) as const;
const path = { type: 'path' } as const;
const address = { type: 'address' } as const;
const flag = { type: 'boolean' } as const;

/** Every setting of the commands that go on for long. docs/configuration.md is generated from it. */
const settingsTable = {
  store: {
    of: { type: 'store' },
    default: './locoprop-data',
    placeholder: 'where',
    description:
      'Where jobs, their runs and uploaded data sets are kept: a folder, or s3://BUCKET/PREFIX, which several coordinators may share',
    commands: service,
  },
  redis: {
    of: { type: 'url', schemes: ['redis', 'rediss'] },
    optional: true,
    default: null,
    variable: 'REDIS_URL',
    description:
      'The Redis that holds the queue, which several coordinators may share; without one, the queue is in this process',
    commands: service,
  },
  http: {
    of: address,
    default: '127.0.0.1:8080',
    description: 'Where the HTTP interface listens',
    commands: service,
  },
  grpc: {
    of: address,
    optional: true,
    default: '127.0.0.1:8081',
    description: 'Where the gRPC interface listens; none for no such interface',
    commands: service,
  },
  listen: {
    of: address,
    default: '127.0.0.1:7000',
    description: 'Where workers dial in',
    commands: service,
  },
  name: {
    of: { type: 'text' },
    default: ({ hostname }) => hostname,
    defaultText: 'the name of the machine',
    description:
      'What this coordinator is called in jobs and logs; of those that share a store, each needs its own',
    commands: service,
  },
  jobs: {
    of: count(1, 64),
    default: 1,
    description: 'How many jobs run at a time, each with its share of the workers',
    commands: service,
  },
  workers: {
    of: count(0, 1024),
    default: ({ command, processors }) => (command === 'up' ? Math.min(2, processors) : 0),
    defaultText: '0; of `up` 2, or 1 on one processor',
    description: 'Workers to start on this machine',
    commands: service,
  },
  workerThreads: {
    of: count(1, 1024),
    optional: true,
    default: null,
    defaultText: 'their share of the processors',
    description: 'Threads of each of them',
    commands: service,
  },
  solveHere: {
    of: flag,
    default: ({ command, workers }) => command === 'up' && workers === 0,
    defaultText: 'false; of `up` without workers true',
    description: "Whether the coordinator's own engine solves parts of layers too",
    commands: service,
  },
  engine: {
    of: { type: 'choice', values: engineChoices },
    default: 'auto',
    placeholder: 'name',
    description: 'The engine of the coordinator, where a spec leaves that open',
    commands: service,
  },
  threads: {
    of: count(1, 1024),
    optional: true,
    default: null,
    defaultText: 'what the machine or container allows',
    description: 'Threads of that engine, where a spec leaves them open',
    commands: service,
  },
  leaseSeconds: {
    of: { type: 'number', minimum: 1, maximum: 3600 },
    default: 5,
    placeholder: 'seconds',
    description:
      'How long a worker, or the coordinator to its workers, may be silent before the other one takes it for lost',
    commands: service,
  },
  tls: {
    of: path,
    optional: true,
    default: null,
    variable: 'LOCOPROP_TLS_DIR',
    placeholder: 'dir',
    description: 'Folder of `locoprop certs` with the certificates to show to workers and to ask of them',
    commands: service,
  },
  tokenFile: {
    of: path,
    optional: true,
    default: null,
    variable: 'LOCOPROP_JOIN_TOKEN_FILE',
    description: 'File with the join token that workers must send',
    commands: service,
  },
  joinToken: {
    of: { type: 'text' },
    optional: true,
    default: null,
    description: 'The join token itself, where no file is named',
    commands: service,
    secret: true,
  },
  apiTls: {
    of: { type: 'certificate' },
    optional: true,
    default: null,
    placeholder: 'files',
    description:
      'The certificate of the HTTP and gRPC interfaces: a folder of `locoprop certs`, or CERTIFICATE,KEY',
    commands: service,
  },
  apiTokens: {
    of: path,
    optional: true,
    default: null,
    placeholder: 'file',
    description: 'File with the bearer tokens of these interfaces; it is read anew when it changes',
    commands: service,
  },
  insecure: {
    of: { type: 'choice', values: ['none', 'api', 'workers', 'all'] },
    default: 'none',
    placeholder: 'what',
    bare: 'all',
    description:
      'What other machines may reach without certificates and tokens, where the network is trusted; all, where nothing is named',
    commands: service,
  },
  plugins: {
    of: path,
    optional: true,
    default: null,
    placeholder: 'dir',
    description:
      'Folder of the plugins that specs may name; their code runs with the rights of the coordinator',
    commands: service,
  },
  files: {
    of: path,
    optional: true,
    default: null,
    placeholder: 'dir',
    description: 'Folder of the data and weights that specs may name, besides what is uploaded',
    commands: service,
  },
  data: {
    of: path,
    optional: true,
    default: null,
    variable: 'LOCOPROP_DATA_DIR',
    placeholder: 'dir',
    description: 'Folder of the public data sets',
    commands: service,
  },
  maxUpload: {
    of: { type: 'bytes' },
    default: 4 * 2 ** 30,
    defaultText: '4GiB',
    description: 'The largest data set that may be uploaded',
    commands: service,
  },
  rateLimit: {
    of: count(1, 1_000_000_000),
    optional: true,
    default: 6000,
    description: 'Requests that a client may make in a minute',
    commands: service,
  },
  keepDays: {
    of: { type: 'number', minimum: 0, maximum: 36_500 },
    optional: true,
    default: null,
    placeholder: 'days',
    description: 'How long jobs that have ended are kept; without it, until they are deleted',
    commands: service,
  },
  shutdownSeconds: {
    of: { type: 'number', minimum: 0, maximum: 3600 },
    default: 10,
    placeholder: 'seconds',
    description: 'How long running jobs have for a last checkpoint when the coordinator is asked to end',
    commands: service,
  },
  logLevel: {
    of: { type: 'choice', values: logLevels },
    default: 'info',
    placeholder: 'level',
    description: 'The log goes to standard error, from this level on',
    commands: everywhere,
  },
  pretty: {
    of: flag,
    default: ({ command, terminal }) => command === 'up' && terminal,
    defaultText: 'false; of `up` on a terminal true',
    description: 'Whether the log is lines for people in place of JSON',
    commands: everywhere,
  },
  otlpEndpoint: {
    of: { type: 'url', schemes: ['http', 'https'] },
    optional: true,
    default: null,
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    description: 'Where traces are sent, as OTLP over HTTP',
    commands: service,
  },
  traceSampling: {
    of: { type: 'number', minimum: 0, maximum: 1 },
    default: 0.01,
    placeholder: 'share',
    description: 'The share of the steps that have spans in the trace of their job',
    commands: service,
  },
  mlflow: {
    of: { type: 'url', schemes: ['http', 'https'] },
    optional: true,
    default: null,
    description: 'The MLflow tracking server that runs are logged to',
    commands: service,
  },
  mlflowExperiment: {
    of: { type: 'text' },
    default: DEFAULT_EXPERIMENT,
    variable: 'MLFLOW_EXPERIMENT_NAME',
    description: 'Their experiment there, which is made where it is missing',
    commands: service,
  },
  metricsOpen: {
    of: flag,
    default: false,
    description: 'Whether /metrics needs no token',
    commands: service,
  },
} as const satisfies Record<string, Setting>;

type Table = typeof settingsTable;
export type SettingName = keyof Table;

type ValueOf<Type> = Type extends { readonly type: 'boolean' }
  ? boolean
  : Type extends { readonly type: 'whole' | 'number' | 'bytes' }
    ? number
    : Type extends { readonly type: 'choice'; readonly values: readonly (infer Value)[] }
      ? Value
      : Type extends { readonly type: 'certificate' }
        ? CertificateFiles
        : string;

type OrNull<Entry> = Entry extends { readonly optional: true } ? null : never;

type AllSettings = { readonly [Name in SettingName]: ValueOf<Table[Name]['of']> | OrNull<Table[Name]> };

/** The settings of a command, checked; paths are absolute. */
export type SettingsOf<Command extends SettingsCommand> = {
  readonly [
    Name in SettingName as Command extends Table[Name]['commands'][number] ? Name : never
  ]: AllSettings[Name];
};

export type Settings = SettingsOf<'coordinator'>;

export const settingNames = Object.keys(settingsTable) as SettingName[];

/** A setting without what is special about it. */
export const settingOf = (name: SettingName): Setting => settingsTable[name];

/** The settings that a command has. */
export const settingsFor = (command: SettingsCommand): SettingName[] =>
  settingNames.filter((name) => settingOf(name).commands.includes(command));
