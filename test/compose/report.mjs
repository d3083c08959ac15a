// What was looked at, as a table that grows while the test runs.
const rows = [];

/** One thing that must hold. What comes after it needs it, so that its failure ends the test. */
export async function step(what, act) {
  const start = Date.now();
  const row = (verdict, text) => {
    const seconds = ((Date.now() - start) / 1000).toFixed(1);
    rows.push(verdict);
    console.log(`${verdict}  ${seconds.padStart(6)} s  ${text}`);
  };
  try {
    const found = await act();
    row('passed', typeof found === 'string' ? `${what}: ${found}` : what);
    return found;
  } catch (error) {
    row('FAILED', `${what}: ${error.message}`);
    throw error;
  }
}

/** The last line; returns the exit code. */
export function conclude() {
  const failed = rows.filter((verdict) => verdict === 'FAILED').length;
  console.log(`\n${rows.length - failed} passed, ${failed} failed`);
  return failed === 0 && rows.length > 0 ? 0 : 1;
}
