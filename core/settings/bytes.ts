const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** A number of bytes as `parseBytes` reads it, in the largest unit that it is a whole number of: 4GiB. */
export function showBytes(bytes: number): string {
  const unit = ['TiB', 'GiB', 'MiB', 'KiB'].find((name) => bytes % UNITS[name.toLowerCase()]! === 0) ?? '';
  return `${bytes / UNITS[unit.toLowerCase()]!}${unit}`;
}

/** A number of bytes with a unit, such as 512MiB, 4 GB or 1000000; null where it is none. */
export function parseBytes(text: string): number | null {
  const [, digits = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(digits) * (UNITS[unit.toLowerCase()] ?? NaN));
  return Number.isSafeInteger(bytes) && bytes >= 1 ? bytes : null;
}
