import { LocopropError } from '../../../core/errors/error.js';
import { type JobState, jobStates } from '../../../core/job/states.js';
import { plainLine } from '../../../services/rpc/text.js';
import { MAX_PAST_SOLVES } from '../../cluster/solve-history.js';
import { exportFormats } from '../../export/export-network.js';
import {
  LEAST_POINTS,
  type CurveRequest,
  type ExportRequest,
  type ListOptions,
  type SubmitRequest,
  type WatchOptions,
} from '../../service/job-service.js';
import { whichCheckpoints } from '../../trained-run.js';
import type { GrpcLimits } from './limits.js';
import { stateName } from './replies.js';

interface OfJob {
  readonly id: string;
}
interface Watch extends OfJob {
  readonly after: string;
  readonly follow: boolean;
}
interface Spec {
  readonly spec: string;
  readonly source: string;
}
interface Submit extends Spec {
  readonly idempotencyKey?: string;
}
interface Curve extends OfJob {
  /** 0 where it is not set. */
  readonly points: number;
  readonly from?: number;
  readonly to?: number;
}
interface Export extends OfJob {
  readonly format: string;
  readonly checkpoint: string;
}
interface List {
  /** Numbers where they are none of the enumeration. */
  readonly states: readonly (string | number)[];
  readonly limit: number;
  readonly cursor: string;
}
export interface DatasetHeader {
  readonly name: string;
  readonly sha256?: string;
}
/** `part` names the one that is set. */
export type DatasetPart =
  | { readonly part: 'header'; readonly header: DatasetHeader }
  | { readonly part: 'data'; readonly data: Uint8Array }
  | { readonly part?: undefined };

/** The requests as they are in this program, by method: as with the workers' messages. */
export interface Requests {
  readonly Submit: Submit;
  readonly ValidateSpec: Spec;
  readonly GetJob: OfJob;
  readonly ListJobs: List;
  readonly WatchJob: Watch;
  readonly PauseJob: OfJob;
  readonly ResumeJob: OfJob;
  readonly CancelJob: OfJob;
  readonly DeleteJob: OfJob;
  readonly GetMetrics: Curve;
  readonly GetSteps: Curve;
  readonly GetConfusion: OfJob;
  readonly GetJobLogs: Watch;
  readonly ListArtifacts: OfJob;
  readonly DownloadArtifact: OfJob & { readonly name: string };
  readonly ExportJob: Export;
  readonly ListWorkers: { readonly timeline: number };
  readonly UploadDataset: DatasetPart;
  readonly ListDatasets: object;
  readonly GetDataset: OfJob;
  readonly DeleteDataset: OfJob;
}

export type MethodName = keyof Requests;

const MAX_NAME_LENGTH = 255;
const MAX_PATH_LENGTH = 1024;
const MAX_CURSOR_LENGTH = 1024;
const PAGE = 50;
const MAX_PAGE = 500;

const invalid = (reason: string): LocopropError => new LocopropError('REQUEST_INVALID', { reason });

/** A text that names something: no service has to think of control characters in it. */
function name(field: string, text: string, longest = MAX_NAME_LENGTH): string {
  if (text === '') throw invalid(`${field} is missing`);
  if (text.length > longest) throw invalid(`${field} is longer than ${longest} characters`);
  if (/[\p{Cc}\p{Cs}]/u.test(text)) throw invalid(`${field} has characters that no name has`);
  return text;
}

/** All of them throw LocopropError REQUEST_INVALID. */
export const idOf = ({ id }: OfJob): string => name('id', id);

export const artifactName = (request: { readonly name: string }): string =>
  name('name', request.name, MAX_PATH_LENGTH);

/** @throws LocopropError REQUEST_TOO_LARGE, too */
export function specOf({ spec, source }: Spec, limits: GrpcLimits): Pick<SubmitRequest, 'text' | 'source'> {
  if (Buffer.byteLength(spec) > limits.specBytes) {
    throw new LocopropError('REQUEST_TOO_LARGE', { limit: limits.specBytes });
  }
  return { text: spec, source: plainLine(source) || 'the spec' };
}

/** @throws LocopropError REQUEST_TOO_LARGE, too */
export function submitOf({ idempotencyKey, ...spec }: Submit, limits: GrpcLimits): SubmitRequest {
  return {
    ...specOf(spec, limits),
    idempotencyKey: idempotencyKey === undefined ? null : name('idempotency_key', idempotencyKey),
  };
}

export function curveOf({ points, from, to }: Curve): CurveRequest {
  if (points !== 0 && points < LEAST_POINTS) throw invalid(`points is below ${LEAST_POINTS}`);
  return { points: points === 0 ? null : points, from: from ?? null, to: to ?? null };
}

export function exportOf({ format, checkpoint }: Export): ExportRequest {
  const known = exportFormats.find((each) => each === format);
  if (known === undefined) throw invalid(`format is none of ${exportFormats.join(', ')}`);
  const which = whichCheckpoints.find((each) => each === (checkpoint || 'latest'));
  if (which === undefined) throw invalid(`checkpoint is none of ${whichCheckpoints.join(', ')}`);
  return { format: known, checkpoint: which };
}

export function solvesOf({ timeline }: Requests['ListWorkers']): number {
  if (timeline > MAX_PAST_SOLVES) throw invalid(`timeline is above ${MAX_PAST_SOLVES}`);
  return timeline;
}

export function listOf({ states, limit, cursor }: List): ListOptions {
  if (limit > MAX_PAGE) throw invalid(`limit is above ${MAX_PAGE}`);
  if (states.length > jobStates.length) throw invalid(`states has more than ${jobStates.length} entries`);
  return { states: states.map(stateOf), limit: limit === 0 ? PAGE : limit, cursor: cursorOf(cursor) };
}

function stateOf(wanted: string | number): JobState {
  const state = jobStates.find((each) => stateName(each) === wanted);
  if (state === undefined) throw invalid(`states has ${wanted}, which is none`);
  return state;
}

export const watchOf = ({ after, follow }: Watch, signal: AbortSignal): WatchOptions => ({
  after: cursorOf(after),
  follow,
  signal,
});

/** Whether the service gave it is for the service to say. */
function cursorOf(cursor: string): string | null {
  if (cursor.length > MAX_CURSOR_LENGTH) throw new LocopropError('CURSOR_INVALID', { cursor });
  return cursor === '' ? null : cursor;
}

export function uploadOf({ name: text, sha256 }: DatasetHeader): { name: string; digest: string | null } {
  const file = name('name', text);
  if (/[/\\]/.test(file)) throw invalid('name is a path, not the name of a file');
  if (sha256 === undefined) return { name: file, digest: null };
  if (!/^[0-9a-f]{64}$/i.test(sha256)) throw invalid('sha256 is not 64 hexadecimal digits');
  return { name: file, digest: sha256.toLowerCase() };
}
