import type { ErrorCode } from '#core/errors/catalogue.js';
import { status as Status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { type PlainClient, refusalOf } from './client.js';
import { type Logged, specText } from './support.js';

/** An interface with a job. */
export interface RefusalSubject {
  readonly client: PlainClient;
  readonly log: readonly Logged[];
  /** The id of one that waits, which was submitted under the key `k`. */
  readonly waiting: string;
}

/** `{waiting}` stands for the id of the job. */
const rows = (): [method: string, request: object, status: Status, code: ErrorCode][] => {
  const id = 'x';
  const long = 'x'.repeat(1025);
  return [
    ['GetJob', { id }, Status.NOT_FOUND, 'JOB_UNKNOWN'],
    ['PauseJob', { id }, Status.NOT_FOUND, 'JOB_UNKNOWN'],
    ['ResumeJob', { id }, Status.NOT_FOUND, 'JOB_UNKNOWN'],
    ['CancelJob', { id }, Status.NOT_FOUND, 'JOB_UNKNOWN'],
    ['DeleteJob', { id }, Status.NOT_FOUND, 'JOB_UNKNOWN'],
    ['GetMetrics', { id }, Status.NOT_FOUND, 'JOB_UNKNOWN'],
    ['GetSteps', { id }, Status.NOT_FOUND, 'JOB_UNKNOWN'],
    ['GetConfusion', { id }, Status.NOT_FOUND, 'JOB_UNKNOWN'],
    ['ExportJob', { id, format: 'onnx' }, Status.NOT_FOUND, 'JOB_UNKNOWN'],
    ['ListArtifacts', { id }, Status.NOT_FOUND, 'JOB_UNKNOWN'],
    ['WatchJob', { id }, Status.NOT_FOUND, 'JOB_UNKNOWN'],
    ['GetJobLogs', { id }, Status.NOT_FOUND, 'JOB_UNKNOWN'],
    ['DownloadArtifact', { id, name: 'a' }, Status.NOT_FOUND, 'JOB_UNKNOWN'],
    ['DownloadArtifact', { id: '{waiting}', name: '../a' }, Status.NOT_FOUND, 'ARTIFACT_UNKNOWN'],
    ['GetDataset', { id }, Status.NOT_FOUND, 'DATASET_UNKNOWN'],
    ['DeleteDataset', { id }, Status.NOT_FOUND, 'DATASET_UNKNOWN'],
    ['ResumeJob', { id: '{waiting}' }, Status.FAILED_PRECONDITION, 'JOB_STATE_CONFLICT'],
    ['DeleteJob', { id: '{waiting}' }, Status.FAILED_PRECONDITION, 'JOB_STATE_CONFLICT'],
    ['Submit', { spec: specText('b'), idempotencyKey: 'k' }, Status.FAILED_PRECONDITION, 'JOB_KEY_REUSED'],
    ['Submit', { spec: '' }, Status.INVALID_ARGUMENT, 'SPEC_INVALID'],
    ['Submit', { spec: '{' }, Status.INVALID_ARGUMENT, 'SPEC_SYNTAX'],
    ['Submit', { spec: 'x'.repeat(2 ** 20 + 1) }, Status.RESOURCE_EXHAUSTED, 'REQUEST_TOO_LARGE'],
    ['Submit', { spec: specText(), idempotencyKey: '' }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['Submit', { spec: specText(), idempotencyKey: long }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['ValidateSpec', { spec: '{' }, Status.INVALID_ARGUMENT, 'SPEC_SYNTAX'],
    ['ValidateSpec', { spec: 'x'.repeat(2 ** 20 + 1) }, Status.RESOURCE_EXHAUSTED, 'REQUEST_TOO_LARGE'],
    ['GetSteps', { id: '{waiting}', points: 7 }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['ExportJob', { id: '{waiting}', format: 'h5' }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['ListWorkers', { timeline: 129 }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['GetJob', {}, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['GetJob', { id: long }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['GetJob', { id: 'a\0b' }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['WatchJob', { id: '\n' }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['DownloadArtifact', { id: '{waiting}' }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['DownloadArtifact', { id: '{waiting}', name: long }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['ListJobs', { states: ['JOB_STATE_UNSPECIFIED'] }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['ListJobs', { states: [77] }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['ListJobs', { states: Array(9).fill(1) }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['ListJobs', { limit: 501 }, Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['ListJobs', { cursor: 'none' }, Status.INVALID_ARGUMENT, 'CURSOR_INVALID'],
    ['ListJobs', { cursor: long }, Status.INVALID_ARGUMENT, 'CURSOR_INVALID'],
    ['WatchJob', { id: '{waiting}', after: 'none' }, Status.INVALID_ARGUMENT, 'CURSOR_INVALID'],
    ['GetJobLogs', { id: '{waiting}', after: long }, Status.INVALID_ARGUMENT, 'CURSOR_INVALID'],
  ];
};

/** Every refusal of the table, whatever service is behind the interface. */
export function refusesWithStatuses(name: string, open: () => Promise<RefusalSubject>): void {
  describe(`${name} refuses with a status:`, () => {
    it.each(rows())('%s %o', async (method, request, status, code) => {
      const { client, log, waiting } = await open();
      const sent = JSON.parse(JSON.stringify(request).replaceAll('{waiting}', waiting)) as object;
      const streams = ['WatchJob', 'GetJobLogs', 'DownloadArtifact'].includes(method);
      const answer = streams ? client.all(method, sent) : client.call(method, sent);
      expect(await refusalOf(answer)).toMatchObject({ status, code });
      expect(log.map(({ level, fields }) => [level, fields['code']])).toEqual([['debug', code]]);
    });
  });
}
