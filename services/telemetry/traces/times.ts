import type { HrTime } from '@opentelemetry/api';

/** Milliseconds since 1970, with fractions, as seconds and nanoseconds. */
export function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.min(999_999_999, Math.round(1e6 * (ms - 1000 * seconds)))];
}
