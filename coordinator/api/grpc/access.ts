import type { Metadata } from '@grpc/grpc-js';
import type { TokenRole } from '../../../services/security/token-file.js';
import { bearerToken, requireRole } from '../bearer-token.js';
import type { MethodName } from './requests.js';

/** Whose token it is. */
export interface Caller {
  readonly role: TokenRole;
  readonly name: string;
}

/**
 * Tells whose token it is.
 * @param token null where a request has none
 * @throws LocopropError TOKEN_MISSING, TOKEN_INVALID
 */
export type Authorize = (token: string | null) => Caller;

/** What each method needs. */
export const neededRole: Readonly<Record<MethodName, TokenRole>> = {
  Submit: 'write',
  // Plugins are run to check a spec.
  ValidateSpec: 'write',
  GetJob: 'read',
  ListJobs: 'read',
  WatchJob: 'read',
  PauseJob: 'write',
  ResumeJob: 'write',
  CancelJob: 'write',
  DeleteJob: 'write',
  GetMetrics: 'read',
  GetSteps: 'read',
  GetConfusion: 'read',
  GetJobLogs: 'read',
  ListArtifacts: 'read',
  ExportJob: 'write',
  DownloadArtifact: 'read',
  ListWorkers: 'read',
  UploadDataset: 'write',
  ListDatasets: 'read',
  GetDataset: 'read',
  DeleteDataset: 'write',
};

/** @throws LocopropError TOKEN_MISSING, TOKEN_INVALID, TOKEN_INSUFFICIENT */
export function checkAccess(method: MethodName, metadata: Metadata, authorize: Authorize): Caller {
  const [shown] = metadata.get('authorization');
  const caller = authorize(bearerToken(shown?.toString()));
  requireRole(caller.role, neededRole[method]);
  return caller;
}
