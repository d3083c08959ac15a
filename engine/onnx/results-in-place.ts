import type * as ort from 'onnxruntime-node';
import type { onnx } from 'onnx-proto';
import { messageOf } from '../../core/errors/message.js';
import { sequenceInfo, type GraphBuilder } from './graph.js';

/*
 * A caller may say where ONNX Runtime is to write its results. onnxruntime-node 1.30 does, and then copies each
 * of them into fresh memory all the same, which it gives back: 3 ms for 4 MB, most of it page faults
 * (https://github.com/microsoft/onnxruntime/pull/32346). It gives results back in their order, and fails at one
 * that is no tensor, when all are in their places. So the first result of a graph is an empty sequence.
 */

const UNREADABLE = 'unreadable';
const FAILURE = 'Non tensor type is temporarily not supported.';

/** Adds the result that cannot be given back, which must be the first one of the graph. */
export function unreadableResult(graph: GraphBuilder): onnx.IValueInfoProto {
  graph.node('SequenceEmpty', [], {}, [UNREADABLE]);
  return sequenceInfo(UNREADABLE);
}

/** Runs a session of a graph with that result, which writes its other results to the tensors of `places`. */
export async function runInPlace(
  session: ort.InferenceSession,
  given: Readonly<Record<string, ort.Tensor>>,
  places: Readonly<Record<string, ort.Tensor>>,
): Promise<void> {
  try {
    await session.run(given, { [UNREADABLE]: null, ...places });
  } catch (error) {
    if (messageOf(error) !== FAILURE) throw error;
  }
}
