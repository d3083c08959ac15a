/** Resolves once somebody can see the page, or as soon as `signal` is aborted. */
export const visible = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (!document.hidden || signal.aborted) {
      resolve();
      return;
    }
    const look = (): void => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener('visibilitychange', look);
      signal.removeEventListener('abort', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', look);
  });

/** A reader who only looks at another page for a moment finds this one as it was. */
const HIDDEN_MS = 10_000;

export interface HiddenSignal {
  /** Given once nobody has seen the page for a while. */
  readonly signal: AbortSignal;
  close(): void;
}

/**
 * Browsers open six connections to a server without TLS, for all their tabs together: those that nobody looks at
 * should hold none.
 */
export function hiddenSignal(): HiddenSignal {
  const controller = new AbortController();
  let timer = 0;
  const look = (): void => {
    clearTimeout(timer);
    if (document.hidden) timer = window.setTimeout(() => controller.abort(), HIDDEN_MS);
  };
  document.addEventListener('visibilitychange', look);
  look();
  return {
    signal: controller.signal,
    close: () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
    },
  };
}
