import type * as ort from 'onnxruntime-node';
import { encodeModel, GraphBuilder, Names, valueInfo } from './graph.js';

const GIVEN = 'given';
const COPY = 'copy';

/** A model that copies a matrix of any shape. */
function copyModel(): Uint8Array {
  const graph = new GraphBuilder(new Names());
  graph.node('Identity', [GIVEN], {}, [COPY]);
  const info = (name: string) => valueInfo(name, ['rows', 'columns']);
  return encodeModel(graph.build('copy', [info(GIVEN)], [info(COPY)]));
}

/** A session that returns what it is given, where it has its results. */
export interface Copier {
  /** @param into what the copy is written into, where it is at hand */
  run(given: ort.Tensor, into?: ort.Tensor): Promise<ort.Tensor>;
  close(): Promise<void>;
}

export async function openCopier(
  openSession: (model: Uint8Array) => Promise<ort.InferenceSession>,
): Promise<Copier> {
  const session = await openSession(copyModel());
  return {
    async run(given, into) {
      const results = await session.run({ [GIVEN]: given }, { [COPY]: into ?? null });
      return results[COPY]!;
    },
    close: () => session.release(),
  };
}
