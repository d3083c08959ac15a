/**
 * The items of a feed, with null wherever nothing has come for a time. The feed is asked for an item only once
 * the one before was taken.
 */
export async function* withPauses<T>(feed: AsyncIterator<T>, pauseMs: number): AsyncGenerator<T | null> {
  const state = { due: false, wake: (): void => undefined };
  // One timer and one waiter, for a feed may be silent for days.
  const timer = setInterval(() => {
    state.due = true;
    state.wake();
  }, pauseMs);
  try {
    for (;;) {
      const asked = ask(feed, () => state.wake());
      while (asked.outcome === null) {
        if (state.due) {
          state.due = false;
          yield null;
        } else {
          await new Promise<void>((resolve) => (state.wake = resolve));
        }
      }
      const next = asked.outcome();
      if (next.done === true) return;
      state.due = false;
      yield next.value;
    }
  } finally {
    clearInterval(timer);
    // Where it was left early; one that waits for an item ends by its signal.
    await feed.return?.();
  }
}

interface Asked<T> {
  /** Gives what came, or throws what went wrong; null until then. */
  outcome: (() => IteratorResult<T>) | null;
}

function ask<T>(feed: AsyncIterator<T>, settled: () => void): Asked<T> {
  const asked: Asked<T> = { outcome: null };
  const settle = (outcome: () => IteratorResult<T>): void => {
    asked.outcome = outcome;
    settled();
  };
  feed.next().then(
    (result) => settle(() => result),
    (error: unknown) =>
      settle(() => {
        throw error;
      }),
  );
  return asked;
}
