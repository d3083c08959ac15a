import { at } from '../core/affine.js';
import type { LayerRule } from '../core/layer.js';
import { slotNames } from '../core/local-problem.js';
import type { Matrix } from '../core/matrix.js';
import { solveOperations } from '../core/solve-operations.js';
import type { Engine } from './engine.js';
import { freshSlots, layerTensors, uploadLayer } from './layer-tensors.js';
import { solveLayer } from './solve.js';
import { trialRule } from './trial-rule.js';

/** Small problems tell how large the measured one may be; each has twice the inputs, units and examples. */
const SIZES = [32, 64, 128, 256, 512, 1024];
/** Of one solve. */
const MEASURED_SECONDS = 0.2;
const ROUNDS = 3;

/** The engine's speed in a local problem, in 10⁹ operations a second (core/solve-operations.ts). Takes about a second. */
export async function measureSpeed(engine: Engine): Promise<number> {
  let size = SIZES[0]!;
  let seconds = await solveSeconds(engine, size);
  let rise = seconds;
  for (const next of SIZES.slice(1)) {
    // A call has a cost of its own; the rest, and so the rise from one size to the next, grows eightfold.
    if (seconds + 8 * rise > MEASURED_SECONDS) break;
    const taken = await solveSeconds(engine, next);
    rise = Math.max(0, taken - seconds);
    [size, seconds] = [next, taken];
  }
  return operationsOf(measuredRule(size)) / seconds / 1e9;
}

function operationsOf(rule: LayerRule): number {
  const work = { ...rule, slots: slotNames(rule).length, objective: false };
  return at(solveOperations(work, rule.inputs, false), rule.units);
}

/** What a local problem with as many inputs, units and examples takes. */
async function solveSeconds(engine: Engine, size: number): Promise<number> {
  const rule = measuredRule(size);
  const filled = (rows: number, value: number): Matrix => ({
    rows,
    columns: size,
    data: new Float32Array(rows * size).fill(value),
  });
  const state = await uploadLayer(engine, {
    weights: filled(size, 1 / size),
    bias: filled(1, 0),
    ...freshSlots(rule),
    updates: 0,
  });
  const inputs = await engine.upload(filled(size, 0.5));
  const displacement = await engine.upload(filled(size, 1e-3));
  const solve = async (): Promise<number> => {
    const settings = { rateFactor: 1, objective: false };
    const solution = await solveLayer(engine, rule, { inputs, displacement }, state, settings);
    engine.release(layerTensors(solution.state));
    return solution.seconds;
  };
  try {
    // Compiles the routine.
    await solve();
    // Whatever else the machine does only makes a solve longer: the shortest tells most of the engine.
    let seconds = Infinity;
    for (let round = 0; round < ROUNDS; round++) seconds = Math.min(seconds, await solve());
    return seconds;
  } finally {
    engine.release([inputs, displacement, ...layerTensors(state)]);
  }
}

const measuredRule = (size: number): LayerRule =>
  trialRule(
    {
      ...{ inputs: size, units: size, form: 'direct' },
      ...{ transfer: 'tanh', optimizer: 'rmsprop', localLoss: 'matching' },
    },
    1e-4,
  );
