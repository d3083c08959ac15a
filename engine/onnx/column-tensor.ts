import { putColumns } from '../../core/column-range.js';
import type { Shape } from '../../core/expression/shapes.js';
import type { BackendTensor } from '../backend.js';
import type { ColumnThread } from './column-thread.js';
import type { HostTensor } from './host-memory.js';

/** Some columns of a matrix. */
export interface Part {
  readonly tensor: HostTensor;
  /** Whose result it is; null for the backend's own. */
  readonly maker: ColumnThread | null;
}

/** A matrix as a whole, in parts of columns side by side, or both. */
export class ColumnTensor implements BackendTensor {
  readonly shape: Shape;
  whole: HostTensor | null;
  readonly parts: Part[];

  private constructor(shape: Shape, whole: HostTensor | null, parts: Part[]) {
    this.shape = shape;
    this.whole = whole;
    this.parts = parts;
  }

  static ofWhole(whole: HostTensor): ColumnTensor {
    return new ColumnTensor(whole.shape, whole, []);
  }

  static ofParts(parts: Part[]): ColumnTensor {
    const columns = parts.reduce((total, { tensor }) => total + tensor.shape[1], 0);
    return new ColumnTensor([parts[0]!.tensor.shape[0], columns], null, parts);
  }

  /** Has the same part in other memory. */
  replacePart(part: number, tensor: HostTensor): void {
    this.parts[part] = { ...this.parts[part]!, tensor };
  }

  /** Writes the parts side by side into `whole`, of this tensor's shape. */
  join(whole: Float32Array): void {
    const [rows, columns] = this.shape;
    let start = 0;
    for (const { tensor } of this.parts) {
      const part = { rows, columns: tensor.shape[1], data: tensor.data };
      putColumns({ rows, columns, data: whole }, start, part);
      start += part.columns;
    }
  }
}
