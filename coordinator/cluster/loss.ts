import { LocopropError } from '../../core/errors/error.js';

/** Whether an error is the loss of a place, so that its parts are to be had elsewhere. */
export const isLoss = (error: unknown): boolean =>
  error instanceof LocopropError &&
  (error.code === 'CLUSTER_WORKER_LOST' ||
    error.code === 'CLUSTER_CHANNEL_CLOSED' ||
    error.code === 'CLUSTER_TENSOR_CORRUPT' ||
    (error.code === 'CLUSTER_WORKER_REFUSED' && error.details['elsewhere'] === true));
