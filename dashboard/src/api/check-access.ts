import { access, refusal, signIn, token } from '../session.ts';
import { Delays } from './pause.ts';
import { problemFrom, request } from './client.ts';

const forever = new AbortController().signal;

/** Finds out whether the coordinator lets the page in, with the token that it has, or with none. */
export async function checkAccess(): Promise<void> {
  const delays = new Delays();
  for (;;) {
    try {
      await request('/v1/workers');
      access.value = 'granted';
      refusal.value = null;
      return;
    } catch (error) {
      const problem = problemFrom(error);
      if (problem && !problem.retryable) {
        // That nobody has signed in yet is no failure.
        refusal.value = token.value === null ? null : problem.detail;
        signIn(null);
        access.value = 'refused';
        return;
      }
    }
    await delays.wait(forever);
  }
}
