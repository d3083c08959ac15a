const NONE = '–';

// Made once: making one takes longer than all else that a page does for a number.
const fourDigits = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
const fiveDigits = new Intl.NumberFormat('en', { maximumSignificantDigits: 5 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const time = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const dateTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** Four digits, as far as they say something. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(3);
  return (size >= 10_000 ? fiveDigits : fourDigits).format(value);
}

export const formatWhole = (value: number): string => whole.format(value);

/** `1 epoch`, `1,200 epochs`. */
export const formatCount = (count: number, what: string): string =>
  `${formatWhole(count)} ${what}${count === 1 ? '' : 's'}`;

export const formatPercent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

/** `1 h 05 min`, `3 min 07 s`, `340 ms`. */
export function formatSeconds(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return NONE;
  if (seconds < 1e-3) return `${formatNumber(Math.round(seconds * 1e7) / 10)} µs`;
  if (seconds < 1) return `${(seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const hours = Math.floor(whole / 3600);
  if (hours < 48) return `${hours} h ${two(Math.floor((whole % 3600) / 60))} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${units[power]!}`;
}

/** In the reader's time zone. */
export const formatTime = (iso: string): string => time.format(new Date(iso));

export const formatDateTime = (iso: string): string => dateTime.format(new Date(iso));

export function formatAgo(iso: string): string {
  const seconds = Math.max(0, (Date.now() - Date.parse(iso)) / 1000);
  if (seconds < 10) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}
