import type { LayerRule } from '../core/layer.js';
import type { Matrix } from '../core/matrix.js';
import { Parts } from '../core/parts/registry.js';
import type { Engine } from './engine.js';
import { freshSlots, layerTensors, uploadLayer } from './layer-tensors.js';
import { solveLayer } from './solve.js';

/** A first, small problem tells how large the measured one may be. */
const PROBE_SIZE = 64;
const SIZES = [1024, 512, 256, 128];
/** Of one solve. */
const MEASURED_SECONDS = 0.2;
const ROUNDS = 3;
/** Local iterations of the paper. */
const ITERATIONS = 10;

/** Products of XW and XᵀR, one each in a local iteration, a multiplication and an addition an entry. */
const operationsOf = (size: number, iterations: number): number => iterations * 2 * 2 * size ** 3;

/**
 * The engine's speed in a local problem, in 10⁹ floating-point operations a second, of which only those of
 * the matrix products are counted. Takes about a second.
 */
export async function measureSpeed(engine: Engine): Promise<number> {
  const probed = await solveSpeed(engine, PROBE_SIZE, 2);
  const affordable = probed * MEASURED_SECONDS;
  const size = SIZES.find((candidate) => operationsOf(candidate, ITERATIONS) <= affordable) ?? PROBE_SIZE;
  const speed = size === PROBE_SIZE ? probed : await solveSpeed(engine, size, ITERATIONS);
  return speed / 1e9;
}

/** Operations a second of a local problem with as many inputs, units and examples. */
async function solveSpeed(engine: Engine, size: number, iterations: number): Promise<number> {
  const rule = measuredRule(size, iterations);
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
    return operationsOf(size, iterations) / seconds;
  } finally {
    engine.release([inputs, displacement, ...layerTensors(state)]);
  }
}

const parts = new Parts();

const measuredRule = (size: number, iterations: number): LayerRule => ({
  inputs: size,
  units: size,
  transfer: parts.choose('transfer', { name: 'tanh' }),
  target: parts.choose('target', { name: 'gradient_step' }),
  localLoss: parts.choose('localLoss', { name: 'matching' }),
  regularizer: parts.choose('regularizer', { name: 'none' }),
  optimizer: parts.choose('optimizer', { name: 'rmsprop', learningRate: 1e-4 }),
  iterations,
  localSchedule: 'linear',
  learningRate: 1e-4,
  solver: 'iterative',
  form: 'direct',
});
