/** Milliseconds that the header Retry-After asks to wait, in seconds or as a date; 0 where it says nothing. */
export function retryAfterMs(header: string | null | undefined): number {
  if (header === null || header === undefined) return 0;
  const ms = /^\d+$/.test(header) ? 1000 * Number(header) : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}
