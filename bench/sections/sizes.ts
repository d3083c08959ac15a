import { table } from '../../cli/format.js';
import { initialStates } from '../../coordinator/initial-state.js';
import { buildNetwork } from '../../coordinator/network.js';
import type { LayerRule } from '../../core/layer.js';
import type { JobSpec } from '../../core/spec/job-spec.js';
import type { Engine } from '../../engine/engine.js';
import { measureSpeed } from '../../engine/speed.js';
import { autoencoder } from '../autoencoder.js';
import { LayerProblem } from '../layer-problem.js';
import { interleave, ratios, roundSums, spread, type Spread } from '../measure.js';
import { solveProducts } from '../products.js';
import { productOperations, type SolveSize } from '../shapes.js';
import { percentText, ratioText } from '../text.js';
import type { BenchOptions, Section } from './section.js';

interface SizeFigures {
  /** The network, or the layer. */
  readonly name: string;
  readonly batch: number;
  /** null where it would take too long on this engine. */
  readonly measured: {
    /** 10⁹ floating-point operations of products a second of the solves, objectives included. */
    readonly gflops: number;
    /** Time of the bare products ÷ time of the solves. */
    readonly productsOverSolve: Spread;
    /** Share that X and R⁰ on their way to the engine, and W and b on their way back, take of it all. */
    readonly transfersShare: number;
  } | null;
}

interface Subject {
  readonly name: string;
  readonly spec: JobSpec;
  readonly rules: readonly LayerRule[];
}

type Timings = Readonly<Record<'products' | 'solve' | 'withTransfers', readonly number[]>>;

const WIDER = 8;
const BATCHES = [250, 1000, 4000, 8000];
/** All of a subject's solves at one batch size, once. */
const LONGEST_SECONDS = 10;
const ROUNDS = 3;

async function measure(engine: Engine, options: BenchOptions): Promise<readonly SizeFigures[]> {
  const sizes: SizeFigures[] = [];
  let operationsPerSecond = 1e9 * (await measureSpeed(engine));
  for (const subject of await subjectsOf(options)) {
    for (const batch of BATCHES) {
      const size = { batch, iterations: options.iterations };
      const operations = subject.rules.reduce((total, rule) => total + productOperations(rule, size), 0);
      const { name } = subject;
      if (operations / operationsPerSecond > LONGEST_SECONDS) {
        sizes.push({ name, batch, measured: null });
        continue;
      }
      const measured = figures(await measureSubject(engine, subject, size), operations);
      operationsPerSecond = 1e9 * measured.gflops;
      sizes.push({ name, batch, measured });
    }
  }
  return sizes;
}

/** The network, the same some times as wide, and one large layer. */
async function subjectsOf(options: BenchOptions): Promise<Subject[]> {
  const subject = async (chosen: readonly number[] | null): Promise<Subject> => {
    const { spec, parts, widths } = await autoencoder({ ...options, widths: chosen });
    const { layers: rules } = buildNetwork(spec, parts, widths[0]!);
    return { name: widths.join('-'), spec, rules };
  };
  const network = await subject(options.widths);
  const [{ inputs }] = network.rules as [LayerRule];
  const wider = [inputs, ...network.rules.map(({ units }) => units)].map((width) => WIDER * width);
  const { spec, rules } = await subject(Array<number>(3).fill(options.large));
  const large = { name: `${options.large}×${options.large}`, spec, rules: rules.slice(0, 1) };
  return [network, await subject(wider), large];
}

/** Layer by layer, so that one layer's matrices are all that the engine has to hold. */
async function measureSubject(
  engine: Engine,
  { spec, rules }: Subject,
  size: SolveSize,
): Promise<readonly Timings[]> {
  const timings: Timings[] = [];
  for (const rule of rules) {
    const [state] = initialStates(spec, [rule]);
    const products = await solveProducts(engine, rule, size);
    const problem = await LayerProblem.draw(engine, rule, state!, size.batch);
    const tasks = {
      products: products.run,
      solve: problem.solve(true),
      withTransfers: problem.solveWithTransfers(),
    };
    timings.push(await interleave(tasks, { rounds: ROUNDS, warmups: 1 }));
    products.release();
    problem.release();
  }
  return timings;
}

function figures(timings: readonly Timings[], operations: number): NonNullable<SizeFigures['measured']> {
  const sums = (name: keyof Timings): number[] => roundSums(timings.map((timing) => timing[name]));
  const solve = sums('solve');
  return {
    gflops: operations / spread(solve).median / 1e9,
    productsOverSolve: spread(ratios(sums('products'), solve)),
    transfersShare: 1 - spread(ratios(solve, sums('withTransfers'))).median,
  };
}

const text = (sizes: readonly SizeFigures[]): string =>
  table([
    ['network', 'B', 'GFLOP/s', 'products ÷ solve', 'transfers'],
    ...sizes.map(({ name, batch, measured }) => [
      name,
      String(batch),
      ...(measured
        ? [
            measured.gflops.toFixed(measured.gflops < 10 ? 2 : 0),
            ratioText(measured.productsOverSolve),
            percentText(measured.transfersShare),
          ]
        : [`over ${LONGEST_SECONDS} s`, '', '']),
    ]),
  ]);

/** Local problems from small to as large as a GPU wants them. */
export const sizesSection: Section = {
  description: `local problems of several sizes, as far as a solve takes up to ${LONGEST_SECONDS} s`,
  onRequest: true,
  measure: async (engine, options) => {
    const sizes = await measure(engine, options);
    return { figures: { sizes }, text: text(sizes) };
  },
};
