import { loadProto, messageTypeOf } from '../../../proto/proto-files.js';
import type { Point } from '../points.js';
import { record } from './record.js';

const { serialize } = messageTypeOf(loadProto('tensorboard/event.proto'), 'tensorboard.Event');

const eventRecord = (timeMs: number, event: object): Uint8Array =>
  record(serialize({ wallTime: timeMs / 1000, ...event }));

/** What every event file begins with. */
export const versionRecord = (timeMs: number): Uint8Array =>
  eventRecord(timeMs, { fileVersion: 'brain.Event:2' });

/** Says that all points follow: whoever has read some of earlier files drops these. */
export const restartRecord = (timeMs: number): Uint8Array =>
  eventRecord(timeMs, { step: 0, sessionLog: { status: 'START' } });

export const pointRecord = ({ name, step, value, timeMs }: Point): Uint8Array =>
  eventRecord(timeMs, { step, summary: { value: [{ tag: name, simpleValue: value }] } });
