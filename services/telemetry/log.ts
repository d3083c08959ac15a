import type { DestinationStream } from 'pino';
import type { RunEvent } from '../../core/events.js';
import type { FleetEvent, ServiceEvent } from '../../core/job/service-events.js';
import type { LogLevel } from '../../core/log-level.js';
import {
  entryOf,
  groupOf,
  jobFields,
  lineOf,
  type JobContext,
  type JobLogItem,
  type LogLine,
  type Stamped,
} from './log-line.js';
import { lineTable, type LineGroup } from './lines/table.js';
import { prettyStream } from './pretty.js';
import type { WorkerEvent } from './worker-events.js';

/** What writes a log. */
export type LogService = 'coordinator' | 'worker' | 'train';

export interface LogOptions {
  readonly service: LogService;
  readonly version: string;
  readonly level: LogLevel;
  /** Lines for people instead of JSON. */
  readonly pretty?: boolean;
  /** @default standard error */
  readonly destination?: DestinationStream;
}

/** A log of events, a line each; its methods may be passed on as subscribers. */
export interface Log {
  readonly level: LogLevel;
  /** Takes effect with the next event. */
  readonly setLevel: (level: LogLevel) => void;
  /** Something that happened to a job, or in its run. */
  readonly job: (item: JobLogItem, context: JobContext) => void;
  /** An event of a run that is no job's. */
  readonly run: (event: RunEvent) => void;
  readonly worker: (event: WorkerEvent) => void;
  /** What happens to a coordinator, its workers included. */
  readonly service: (event: ServiceEvent | FleetEvent) => void;
}

/** Fields that would hold a secret; no event has one, so this is for events that are still to come. */
const SECRET_FIELDS = ['authorization', 'cookie', 'password', 'secret', 'token'];

/** Opens a log that writes each line before it goes on, so that none is lost when the process is. */
export async function openLog({ service, version, level, pretty, destination }: LogOptions): Promise<Log> {
  const { pino, destination: open } = await import('pino');
  const target = destination ?? open({ dest: 2, sync: true });
  const logger = pino(
    {
      level,
      base: { service, version },
      // An event brings its own time: that at which it happened.
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '***',
      },
    },
    pretty === true ? await prettyStream(target) : target,
  );

  const write = ({ level: label, msg, ...fields }: LogLine): void => logger[label](fields, msg);
  const record = (group: LineGroup, event: Stamped, context: object = {}): void => {
    const entry = entryOf(group, event.type);
    if (entry && logger.isLevelEnabled(entry.level)) write(lineOf(entry, event, context));
  };
  const now = (): string => new Date().toISOString();
  const ofService = (event: ServiceEvent | FleetEvent): void =>
    record(event.type in lineTable.service.lines ? lineTable.service : lineTable.run, {
      time: now(),
      ...event,
    });
  return {
    get level() {
      return logger.level as LogLevel;
    },
    setLevel: (to) => {
      const from = logger.level;
      if (to === from) return;
      const announce = (): void => ofService({ type: 'log.level', from, to });
      // At the level that shows it, where only one of the two does.
      const shown = logger.isLevelEnabled('info');
      if (shown) announce();
      logger.level = to;
      if (!shown) announce();
    },
    job: ({ kind, event }, context) => record(groupOf(kind), event, jobFields(context)),
    run: (event) => record(lineTable.run, event),
    worker: (event) => record(lineTable.worker, { time: now(), ...event }),
    service: ofService,
  };
}
