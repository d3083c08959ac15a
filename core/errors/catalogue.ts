import { cliErrors } from './cli.js';
import { clusterErrors } from './cluster.js';
import { dataErrors } from './data.js';
import { engineErrors } from './engine.js';
import { exportErrors } from './export.js';
import { serviceErrors } from './service.js';
import { specErrors } from './spec.js';
import { storeErrors } from './store.js';
import { trackingErrors } from './tracking.js';
import { trainingErrors } from './training.js';

/** Every error of the project, by code. docs/errors.md is generated from it. */
export const catalogue = {
  ...specErrors,
  ...dataErrors,
  ...engineErrors,
  ...trainingErrors,
  ...storeErrors,
  ...exportErrors,
  ...clusterErrors,
  ...serviceErrors,
  ...trackingErrors,
  ...cliErrors,
} as const;

export type ErrorCode = keyof typeof catalogue;
