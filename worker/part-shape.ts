import type { Load, Solve, TensorHeader } from '../services/rpc/messages.js';
import { invalid } from './refusal.js';

/** The shape of a part, which all of its matrices must have. */
export interface PartShape {
  readonly inputs: number;
  readonly units: number;
  /** Names of the optimizer's slots. */
  readonly slots: readonly string[];
  /** Examples of the largest batch. */
  readonly batch: number;
}

/** The headers of a solve that fits its part. */
export interface ProblemHeaders {
  readonly inputs: TensorHeader;
  readonly displacement: TensorHeader;
}

/** What a Load and its headers say of the part, before any matrix has come. @throws Refusal */
export function shapeOfLoad(load: Load): PartShape {
  const { start, end, batch } = load;
  const weights = present(load.weights, 'weights');
  const bias = present(load.bias, 'bias');
  const { rows: inputs, columns: units } = weights;
  if (inputs < 1 || units < 1) throw invalid(`weights of ${inputs}×${units}`);
  if (end - start !== units) {
    throw invalid(`columns ${start} to ${end} are ${end - start}, the weights have ${units}`);
  }
  if (batch < 1) throw invalid('a batch of no examples');
  requireShape(bias, 'bias', 1, units);
  const slots = Object.keys(load.weightSlots);
  for (const [slot, header] of Object.entries(load.weightSlots)) {
    requireShape(header, `weights.${slot}`, inputs, units);
  }
  for (const [slot, header] of Object.entries(load.biasSlots)) {
    requireShape(header, `bias.${slot}`, 1, units);
  }
  requireSameNames('slots of the bias', Object.keys(load.biasSlots), slots);
  if (!resultTypes.has(load.resultType)) throw invalid(`results of the type ${load.resultType}`);
  return { inputs, units, slots, batch };
}

const resultTypes: ReadonlySet<string> = new Set(['ELEMENT_TYPE_F32', 'ELEMENT_TYPE_BF16']);

/** @throws Refusal */
export function headersOfSolve(solve: Solve, { inputs: width, units, batch }: PartShape): ProblemHeaders {
  const inputs = present(solve.inputs, 'inputs');
  const displacement = present(solve.displacement, 'displacement');
  if (inputs.rows < 1 || inputs.rows > batch) {
    throw invalid(`${inputs.rows} examples, where a batch has 1 to ${batch}`);
  }
  requireShape(inputs, 'inputs', inputs.rows, width);
  requireShape(displacement, 'displacement', inputs.rows, units);
  return { inputs, displacement };
}

/** @throws Refusal where the names are not those expected, each once */
export function requireSameNames(what: string, given: readonly string[], expected: readonly string[]): void {
  const sorted = (names: readonly string[]): string => [...names].sort().join(', ');
  if (sorted(given) !== sorted(expected)) {
    throw invalid(`the ${what} are ${sorted(given) || 'none'}, not ${sorted(expected) || 'none'}`);
  }
}

function present(header: TensorHeader | null, name: string): TensorHeader {
  if (!header) throw invalid(`no matrix "${name}"`);
  return header;
}

function requireShape(header: TensorHeader, name: string, rows: number, columns: number): void {
  if (header.rows !== rows || header.columns !== columns) {
    throw invalid(`"${name}" is ${header.rows}×${header.columns}, not ${rows}×${columns}`);
  }
}
