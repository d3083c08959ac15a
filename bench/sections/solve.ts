import { buildNetwork } from '../../coordinator/network.js';
import { initialStates } from '../../coordinator/initial-state.js';
import type { LayerRule } from '../../core/layer.js';
import type { LayerState } from '../../core/state.js';
import { table } from '../../cli/format.js';
import type { Engine } from '../../engine/engine.js';
import { autoencoder } from '../autoencoder.js';
import { LayerProblem } from '../layer-problem.js';
import { interleave, ratios, roundSums, spread, type Spread } from '../measure.js';
import { solveProducts } from '../products.js';
import { shapeName, productOperations, type LayerShape } from '../shapes.js';
import { percentText, ratioText } from '../text.js';
import type { BenchOptions, Section } from './section.js';

interface SolveFigures {
  /** 10⁹ floating-point operations of products a second of the whole solve, objectives included. */
  readonly gflops: number;
  /** Time of the bare products ÷ time of the solve, objectives included. */
  readonly productsOverSolve: Spread;
  /** Share of the solve that reporting its objectives takes, the product of the last one included. */
  readonly objectivesShare: number;
}

interface NetworkFigures {
  readonly layers: readonly (LayerShape & SolveFigures)[];
  /** All layers together, as if solved one after the other. */
  readonly network: SolveFigures;
}

/** Seconds, round by round. */
type Timings = Readonly<Record<'products' | 'solve' | 'withoutObjectives', readonly number[]>>;

async function measure(engine: Engine, options: BenchOptions): Promise<NetworkFigures> {
  const { spec, parts, widths } = await autoencoder(options);
  const { layers: rules } = buildNetwork(spec, parts, widths[0]!);
  const states = initialStates(spec, rules);
  const timings: Timings[] = [];
  for (const [layer, rule] of rules.entries()) {
    timings.push(await measureLayer(engine, rule, states[layer]!, options));
  }
  const operations = rules.map((rule) => productOperations(rule, options));
  const sums = (name: keyof Timings): number[] => roundSums(timings.map((timing) => timing[name]));
  return {
    layers: rules.map((rule, layer) => ({
      inputs: rule.inputs,
      units: rule.units,
      ...figures(timings[layer]!, operations[layer]!),
    })),
    network: figures(
      { products: sums('products'), solve: sums('solve'), withoutObjectives: sums('withoutObjectives') },
      operations.reduce((total, count) => total + count, 0),
    ),
  };
}

const figures = ({ products, solve, withoutObjectives }: Timings, operations: number): SolveFigures => ({
  gflops: operations / spread(solve).median / 1e9,
  productsOverSolve: spread(ratios(products, solve)),
  objectivesShare: 1 - spread(ratios(withoutObjectives, solve)).median,
});

async function measureLayer(
  engine: Engine,
  rule: LayerRule,
  initial: LayerState,
  { batch, iterations, rounds }: BenchOptions,
): Promise<Timings> {
  const products = await solveProducts(engine, rule, { batch, iterations });
  const problem = await LayerProblem.draw(engine, rule, initial, batch);
  const tasks = {
    products: products.run,
    solve: problem.solve(true),
    withoutObjectives: problem.solve(false),
  };
  const timings = await interleave(tasks, { rounds, warmups: 1 });
  products.release();
  problem.release();
  return timings;
}

function text({ layers, network }: NetworkFigures): string {
  const row = (name: string, { gflops, productsOverSolve, objectivesShare }: SolveFigures): string[] => [
    name,
    gflops.toFixed(0),
    ratioText(productsOverSolve),
    percentText(objectivesShare),
  ];
  return table([
    ['layer', 'GFLOP/s', 'products ÷ solve', 'objectives'],
    ...layers.map((layer) => row(shapeName(layer), layer)),
    row('network', network),
  ]);
}

/** A layer's local problem in direct form against its bare products. */
export const solveSection: Section = {
  description: 'local problems against their bare products',
  measure: async (engine, options) => {
    const figures = await measure(engine, options);
    return { figures, text: text(figures) };
  },
};
