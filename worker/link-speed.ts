const FIRST_BYTES = 64 * 1024;
const BYTES = 1024 * 1024;
const ROUNDS = 4;
/** What the measurement may take on a link that is not slow. */
const BUDGET_MS = 100;

/**
 * Measures a link: bytes a second, both directions counted.
 *
 * @param echo sends so many bytes and resolves once they have come back
 */
export async function measureLink(echo: (bytes: number) => Promise<void>): Promise<number> {
  const timed = async (bytes: number): Promise<number> => {
    const started = performance.now();
    await echo(bytes);
    return performance.now() - started;
  };
  // Opens the windows of the connection, and tells whether more can be afforded.
  const firstMs = await timed(FIRST_BYTES);
  const expectedMs = (firstMs * BYTES) / FIRST_BYTES;
  if (expectedMs > 10 * BUDGET_MS) return rate(FIRST_BYTES, firstMs);
  let rounds = 0;
  let elapsedMs = 0;
  while (rounds < ROUNDS && elapsedMs < BUDGET_MS) {
    elapsedMs += await timed(BYTES);
    rounds++;
  }
  return rate(rounds * BYTES, elapsedMs);
}

const rate = (bytes: number, ms: number): number => (2 * bytes * 1000) / ms;
