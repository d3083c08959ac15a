import { InvalidArgumentError } from 'commander';
import { parseBytes } from '../core/settings/bytes.js';

/** A number of bytes with a unit, such as 512MiB, 4 GB or 1000000. */
export function toBytes(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === null)
    throw new InvalidArgumentError('It must be a number of bytes, with a unit such as MB or GiB.');
  return bytes;
}
