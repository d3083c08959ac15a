/** Set to 1 by a process that starts others with a pipe as their standard input. */
const PARENT_PIPE = 'LOCOPROP_PARENT_PIPE';

/** Whether another process has started this one and is to outlive it. */
export const hasParentPipe = (environment: NodeJS.ProcessEnv): boolean => environment[PARENT_PIPE] === '1';

/** Calls `onGone` once the process at the other end of standard input is gone. */
export function watchParent(onGone: () => void): void {
  process.stdin.once('close', onGone);
  process.stdin.resume();
  // Alone, it does not keep this process going.
  process.stdin.unref();
}
