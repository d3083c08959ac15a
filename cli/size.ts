import { InvalidArgumentError } from 'commander';

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

/** A number of bytes with a unit, such as 512MiB, 4 GB or 1000000. */
export function toBytes(text: string): number {
  const [, digits = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(digits) * (UNITS[unit.toLowerCase()] ?? NaN));
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    throw new InvalidArgumentError('It must be a number of bytes, with a unit such as MB or GiB.');
  return bytes;
}
