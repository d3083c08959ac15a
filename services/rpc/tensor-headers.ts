import { MAX_TENSOR_ENTRIES } from './limits.js';
import type { CoordinatorMessage, ElementType, TensorHeader, WorkerMessage } from './messages.js';

export const elementBytes: Readonly<Record<ElementType, number>> = {
  ELEMENT_TYPE_F32: 4,
  ELEMENT_TYPE_BF16: 2,
};

/** The matrices that come after a message. */
export function headersOf(message: WorkerMessage | CoordinatorMessage): TensorHeader[] {
  switch (message.message) {
    case 'load': {
      const { weights, bias, weightSlots, biasSlots } = message.load;
      return present([weights, bias, ...Object.values(weightSlots), ...Object.values(biasSlots)]);
    }
    case 'solve':
      return present([message.solve.inputs, message.solve.displacement]);
    case 'solved':
      return present([message.solved.weights, message.solved.bias]);
    case 'state':
      return present([
        ...Object.values(message.state.weightSlots),
        ...Object.values(message.state.biasSlots),
      ]);
    default:
      return [];
  }
}

const present = (headers: readonly (TensorHeader | null)[]): TensorHeader[] =>
  headers.filter((header) => header !== null);

/** Bytes of the entries as they travel. */
export const tensorBytes = ({ rows, columns, type }: TensorHeader): number =>
  rows * columns * elementBytes[type];

/** What is wrong with a header of the peer; null for a sound one. */
export function headerProblem({ id, rows, columns, type }: TensorHeader): string | null {
  if (!Number.isSafeInteger(id)) return 'the id of a matrix is over 2^53';
  // An enumeration of a later revision comes as a number.
  if (!Object.hasOwn(elementBytes, type)) return `matrix ${id} has the type ${type}`;
  if (rows < 1 || columns < 1 || rows * columns > MAX_TENSOR_ENTRIES) {
    return `matrix ${id} has the shape ${rows}×${columns}`;
  }
  return null;
}
