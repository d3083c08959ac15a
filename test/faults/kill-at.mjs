/*
 * Loaded before the command line, it ends the process without a word at one point of a run:
 * KILL_AT=POINT:STEP with the points below.
 */
import { ClusterPool } from '../../dist/coordinator/cluster/cluster-pool.js';
import { FolderRunStore } from '../../dist/services/store/folder-run-store.js';
import { Run } from '../../dist/services/store/run.js';

const [point, step] = process.env.KILL_AT.split(':');

const die = () => process.kill(process.pid, 'SIGKILL');

/** Has `before` called with the arguments of each call of a method; what it returns replaces them. */
function intercept({ prototype }, method, before) {
  const original = prototype[method];
  prototype[method] = function (...args) {
    return original.apply(this, before(...args) ?? args);
  };
}

function* halfOf(chunks) {
  for (const chunk of chunks) {
    yield chunk.subarray(0, chunk.length / 2);
    die();
  }
}

let solving = 0;
const points = {
  'before dispatch': () =>
    intercept(ClusterPool, 'solve', (problem) => {
      if (problem.step === Number(step)) die();
    }),
  'in the step': () => {
    intercept(ClusterPool, 'solve', (problem) => {
      solving = problem.step;
    });
    intercept(ClusterPool, 'settle', () => {
      if (solving === Number(step)) die();
    });
  },
  'between commit and checkpoint': () =>
    intercept(Run, 'saveCheckpoint', ({ position }) => {
      if (position.step === Number(step)) die();
    }),
  'while writing the checkpoint': () =>
    intercept(FolderRunStore, 'write', (name, chunks) =>
      name.endsWith(`${step.padStart(8, '0')}.safetensors`) ? [name, halfOf(chunks)] : undefined,
    ),
};

points[point]();
