// Preloaded into a coordinator: stops it, as by SIGSTOP, once, at a point of a take of a job. STOP_AT is the
// name of the point.
import { ObjectJobStore } from '../../dist/services/store/object-job-store.js';

const methods = {
  'before the earlier runs are removed': 'removeEarlierRuns',
  'before the run is copied': 'forkRun',
};

const { prototype } = ObjectJobStore;
const method = methods[process.env.STOP_AT];
const original = prototype[method];
let stopped = false;
prototype[method] = function (...args) {
  if (!stopped) {
    stopped = true;
    process.kill(process.pid, 'SIGSTOP');
  }
  return original.apply(this, args);
};
