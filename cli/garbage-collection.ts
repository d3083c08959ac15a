import { setFlagsFromString } from 'node:v8';

/** By what share of what is alive the heap may grow before all of it is looked through. */
const GROWTH_PERCENT = 300;

/**
 * Lets this process collect garbage less often. Matrices lie outside V8's heap but count towards its limit, which for
 * the 20 MB that a worker or coordinator has there is 9 MB more: it looked through all of them several times a step,
 * docs/results/cluster.md. The heap's upper limit is what it was.
 */
export const collectGarbageLessOften = (): void =>
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
