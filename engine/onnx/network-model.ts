import { compileRoutine } from '../../core/expression/routine.js';
import { evaluateScalar } from '../../core/expression/scalars.js';
import { forwardRoutine } from '../../core/sweep.js';
import type { TrainedLayer, TrainedNetwork } from '../../core/trained-network.js';
import { emitProgram, type Value } from './emit.js';
import { STANDARD_FORM } from './form.js';
import { encodeModel, GraphBuilder, Names, valueInfo } from './graph.js';

/** Names of the model's input and output. */
const INPUT = 'input';
const OUTPUT = 'output';

const outside = (name: string): Value => ({ name, inLoop: false });

/**
 * A trained network as the bytes of an ONNX model: `input` [batch, inputs] to `output` [batch, outputs],
 * both float32, for any batch size. Layer i has the initializers `layers.<i>.weights` and
 * `layers.<i>.bias`, and the names of its nodes start with `layers.<i>/`. Weights and bias must come
 * to less than 2 GiB.
 *
 * @param metadata texts that the model carries for its readers
 */
export function networkModel(
  { name, layers }: TrainedNetwork<Float32Array>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const names = new Names();
  const graph = new GraphBuilder(names);
  let last = INPUT;
  for (const [index, layer] of layers.entries()) {
    names.scope = `layers.${index}/`;
    last = emitLayer(graph, `layers.${index}`, layer, last);
  }
  names.scope = '';
  graph.node('Identity', [last], {}, [OUTPUT]);

  const inputs = layers.at(0)?.weights.rows ?? 0;
  const outputs = layers.at(-1)?.weights.columns ?? 0;
  const model = graph.build(
    name,
    [valueInfo(INPUT, ['batch', inputs])],
    [valueInfo(OUTPUT, ['batch', outputs])],
  );
  return encodeModel(model, metadata);
}

/** Adds the nodes of one layer and returns the name of its output [batch, units]. */
function emitLayer(
  graph: GraphBuilder,
  layerName: string,
  { transfer, weights, bias }: TrainedLayer<Float32Array>,
  inputs: string,
): string {
  const { setup } = compileRoutine({ ...forwardRoutine(transfer), outputs: ['output'] });
  const environment = new Map([
    ['inputs', outside(inputs)],
    ['weights', outside(graph.matrix(`${layerName}.weights`, weights))],
    ['bias', outside(graph.matrix(`${layerName}.bias`, bias))],
  ]);
  // The forward pass is given no scalars, so those that a transfer function needs are constants.
  const scalarOf = (index: number): Value => outside(graph.float(evaluateScalar(setup.scalars[index]!, {})));
  return emitProgram(setup, { outer: graph, form: STANDARD_FORM }, environment, scalarOf).get('output')!.name;
}
