export type Direction = 'toTarget' | 'toClient';

/** Something that happens once, when so many more bytes have gone in a direction, over all connections. */
export interface Fault {
  readonly kind: 'close' | 'flip';
  readonly direction: Direction;
  readonly remaining: number;
}

/** What the faults that are due make of a chunk, and those that are not yet. */
export function applyFaults(
  faults: readonly Fault[],
  direction: Direction,
  chunk: Buffer,
): { bytes: Buffer; closes: boolean; left: Fault[] } {
  const bytes = Buffer.from(chunk);
  const left: Fault[] = [];
  let end = Infinity;
  for (const fault of faults) {
    const { kind, remaining } = fault;
    if (fault.direction !== direction) left.push(fault);
    else if (remaining >= chunk.length) left.push({ ...fault, remaining: remaining - chunk.length });
    else if (kind === 'flip') bytes[remaining]! ^= 1;
    else end = Math.min(end, remaining);
  }
  return { bytes: bytes.subarray(0, end), closes: end < Infinity, left };
}
