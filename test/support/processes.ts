import { afterAll } from 'vitest';
import { endAll } from './running.js';

export {
  freePort,
  main,
  start,
  type Expected,
  type Outcome,
  type Running,
  type StartOptions,
  type Stream,
} from './running.js';

// A process ends with the tests of the file at the latest.
afterAll(endAll);
