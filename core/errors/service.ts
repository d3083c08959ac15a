import type { ErrorEntry } from './entry.js';

/** Jobs at a coordinator, and the requests that are about them. */
export const serviceErrors = {
  JOB_UNKNOWN: {
    message: 'There is no job {job}.',
    remedy: 'See `locoprop jobs` for those there are; a job that ended is deleted after a time.',
    retryable: false,
    exitCode: 1,
  },
  JOB_STATE_CONFLICT: {
    message: 'The job {job} is {state}; it cannot become {wanted}.',
    remedy:
      'See `locoprop status {job}` for what it does now. To run what was cancelled or is completed, submit it again; to delete what has not ended, cancel it first.',
    retryable: false,
    exitCode: 1,
  },
  JOB_CHANGED: {
    message: 'The job {job} was changed by another request at the same time.',
    remedy: 'Send the request again.',
    retryable: true,
    exitCode: 1,
  },
  JOB_NOT_OURS: {
    message: 'The job {job} was taken up by another coordinator (fence {fence}).',
    remedy: 'Nothing needs to be done: that one goes on with it.',
    retryable: false,
    exitCode: 1,
  },
  JOB_TIME_LIMIT: {
    message: 'The job {job} has run for its limit of {seconds} s.',
    remedy: 'Resume it for as long again, or submit it with a larger `queue.timeLimitSeconds`.',
    retryable: false,
    exitCode: 1,
  },
  JOB_COORDINATORS_LOST: {
    message:
      '{count} coordinators in a row have died with the job {job}, the last one {coordinator}, and it has not come beyond step {step}.',
    remedy:
      'See in the logs of the machine what ended it: most often the job needs more memory than there is. Resume the job once that is mended.',
    retryable: false,
    exitCode: 1,
  },
  JOB_KEY_REUSED: {
    message:
      'The idempotency key "{key}" was used before, for the job {job}, which has another spec or was deleted.',
    remedy: 'Use a key of its own for each submit.',
    retryable: false,
    exitCode: 2,
  },
  JOB_PATH_REFUSED: {
    message: 'The spec names {path}, which a coordinator does not open: {reason}',
    remedy:
      'Data and weights are uploaded, as `locoprop submit` does by itself, or lie in the folder that the coordinator was given with --files. Plugins are never uploaded: they lie in that of --plugins.',
    retryable: false,
    exitCode: 2,
  },
  ARTIFACT_UNKNOWN: {
    message: 'The job {job} has no file {name}.',
    remedy: 'See `locoprop status {job}` for the files that there are.',
    retryable: false,
    exitCode: 1,
  },
  DATASET_UNKNOWN: {
    message: 'There is no uploaded data set {dataset}.',
    remedy: 'Upload it first, or see which there are.',
    retryable: false,
    exitCode: 2,
  },
  DATASET_TOO_LARGE: {
    message: 'The upload is larger than {limit} bytes.',
    remedy: 'Start the coordinator with a larger --max-upload, or give it the file on its own disk.',
    retryable: false,
    exitCode: 2,
  },
  DATASET_DIGEST_MISMATCH: {
    message: 'The upload has the SHA-256 {found}, where {announced} was announced.',
    remedy: 'Send it again.',
    retryable: true,
    exitCode: 1,
  },
  DATASET_IN_USE: {
    message: 'The data set {dataset} is used by the job {job}, which has not ended.',
    remedy: 'Wait for the job, or cancel it.',
    retryable: false,
    exitCode: 1,
  },
  CURSOR_INVALID: {
    message: 'The cursor "{cursor}" is none that this service gave.',
    remedy: 'Begin again without one.',
    retryable: false,
    exitCode: 2,
  },
  REQUEST_INVALID: {
    message: 'The request is wrong: {reason}',
    remedy: 'See the description of the interface: /openapi.json over HTTP, coordinator.proto over gRPC.',
    retryable: false,
    exitCode: 2,
  },
  REQUEST_TOO_LARGE: {
    message: 'The request is larger than {limit} bytes.',
    remedy: 'Send less; data sets are uploaded, not written into specs.',
    retryable: false,
    exitCode: 2,
  },
  REQUEST_TOO_SLOW: {
    message: 'The request did not arrive within {seconds} s.',
    remedy: 'Send it again over a better connection.',
    retryable: true,
    exitCode: 1,
  },
  ROUTE_UNKNOWN: {
    message: 'There is nothing at {method} {path}.',
    remedy: 'See the description of the interface at /openapi.json.',
    retryable: false,
    exitCode: 2,
  },
  MEDIA_TYPE_UNKNOWN: {
    message: 'A body of the type {type} is not understood here.',
    remedy: 'Send application/yaml or application/json.',
    retryable: false,
    exitCode: 2,
  },
  TOKEN_MISSING: {
    message: 'The request has no bearer token.',
    remedy:
      'Send `authorization: Bearer TOKEN`. The commands take it from --token-file or LOCOPROP_TOKEN; of a coordinator on this machine, `locoprop token` prints one.',
    retryable: false,
    exitCode: 1,
  },
  TOKEN_INVALID: {
    message: 'The token is not known here.',
    remedy:
      'Ask the operator of the coordinator for one; `locoprop token` prints the first, where its store is at hand.',
    retryable: false,
    exitCode: 1,
  },
  TOKEN_INSUFFICIENT: {
    message: 'The token allows to {role}; this request needs one that allows to {needed}.',
    remedy: 'Use another token.',
    retryable: false,
    exitCode: 1,
  },
  RATE_LIMITED: {
    message: 'Too many requests: at most {limit} in {seconds} s.',
    remedy: 'Wait, and ask less often; to follow a job, watch its events.',
    retryable: true,
    exitCode: 1,
  },
  SERVICE_UNAVAILABLE: {
    message: 'The coordinator cannot do this now: {reason}',
    remedy: 'Try again in a moment; see /readyz and its log.',
    retryable: true,
    exitCode: 1,
  },
  SERVICE_UNREACHABLE: {
    message: 'No coordinator answers at {server}: {reason}',
    remedy: 'Start one with `locoprop up`, or say where it is with --server or LOCOPROP_URL.',
    retryable: true,
    exitCode: 1,
  },
  SERVICE_UNTRUSTED: {
    message: 'The coordinator at {server} is not trusted: {reason}',
    remedy: 'Name the certificate of the authority that its own is of with --ca.',
    retryable: false,
    exitCode: 1,
  },
  SERVICE_ANSWER_INVALID: {
    message: '{server} does not answer as a coordinator does: {reason}',
    remedy: 'Check the address, and that it is of the same version of locoprop.',
    retryable: false,
    exitCode: 1,
  },
  CLIENT_FILE_INVALID: {
    message: 'The file {file}, which says where the coordinator of this user is, cannot be used: {reason}',
    remedy: 'Delete it; `locoprop up` writes it anew. --server and --token-file come before it.',
    retryable: false,
    exitCode: 2,
  },
  SERVICE_FAILED: {
    message: 'The coordinator failed in a way that it does not know; its log has more under {request}.',
    remedy: 'Report it with the log; the same request may succeed later.',
    retryable: true,
    exitCode: 1,
  },
  QUEUE_UNAVAILABLE: {
    message: 'The queue at {address} does not answer: {reason}',
    remedy:
      'Check that Redis runs and REDIS_URL names it. No job is lost: the queue is rebuilt from the records.',
    retryable: true,
    exitCode: 1,
  },
  QUEUE_MISCONFIGURED: {
    message: 'The Redis at {address} cannot hold a queue: {reason}',
    remedy: 'Use Redis 6.2 or later with `maxmemory-policy noeviction`.',
    retryable: false,
    exitCode: 1,
  },
  STORE_UNAVAILABLE: {
    message: 'The store {location} does not answer: {reason}',
    remedy: 'Check the address, the credentials and the network.',
    retryable: true,
    exitCode: 1,
  },
  SETTING_INVALID: {
    message: '{source} sets {setting} to {value}: {reason}',
    remedy: 'Correct it; `locoprop config` shows every setting and where its value comes from.',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorEntry>;
