/** How many threads TensorFlow computes with; it is read once in a process. */
const THREADS = 'TF_NUM_INTRAOP_THREADS';
/** How many operations of a graph it carries out at the same time, on threads besides. */
const OPERATIONS_AT_ONCE = 'TF_NUM_INTEROP_THREADS';
/** From which level on TensorFlow writes to standard error; 1 leaves out what is no warning. */
const LOG_LEVEL = 'TF_CPP_MIN_LOG_LEVEL';
/** Whether it computes with oneDNN on CPUs, which it remarks on at any level, and which was no faster. */
const ONEDNN = 'TF_ENABLE_ONEDNN_OPTS';

/**
 * Tells TensorFlow how many threads to compute with. What the environment says already stays, also from an
 * engine before: the library has one set of threads in a process.
 *
 * It is native code that looks, at the environment of the process: a thread has only a copy of that, so it
 * is to be called before the engine's thread is started.
 */
export function prepareTensorFlow(threads: number, environment: NodeJS.ProcessEnv = process.env): void {
  environment[THREADS] ??= String(threads);
  environment[OPERATIONS_AT_ONCE] ??= '1';
  environment[LOG_LEVEL] ??= '1';
  environment[ONEDNN] ??= '0';
}

/** The threads that TensorFlow computes with here, where `threads` were asked for. */
export const threadsOf = (threads: number, environment: NodeJS.ProcessEnv = process.env): number =>
  Number(environment[THREADS] ?? threads);
