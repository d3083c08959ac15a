import { LocopropError } from '../../core/errors/error.js';
import type { Matrix } from '../../core/matrix.js';
import type { Chosen, PartOfKind } from '../../core/parts/part.js';
import { Parts } from '../../core/parts/registry.js';
import type { PartKind } from '../../core/spec/part-catalogue.js';
import type { PartChoice } from './schema.js';

const parts = new Parts();

/** Where a case stands, and what is refused about it. */
export class CaseSource {
  readonly file: string;
  readonly name: string;

  constructor(file: string, name: string) {
    this.file = file;
    this.name = name;
  }

  invalid(reason: string): LocopropError {
    return new LocopropError('VECTORS_INVALID', { file: this.file, place: `case "${this.name}"`, reason });
  }

  /** @throws LocopropError VECTORS_INVALID */
  requireShape(
    what: string,
    { rows, columns }: Matrix,
    [expectedRows, expectedColumns]: readonly number[],
  ): void {
    if (rows === expectedRows && columns === expectedColumns) return;
    throw this.invalid(`${what} is ${rows}×${columns}, not ${expectedRows}×${expectedColumns}`);
  }

  /** @throws LocopropError VECTORS_INVALID */
  requireCount(what: string, list: readonly unknown[], expected: number): void {
    if (list.length !== expected) throw this.invalid(`${list.length} ${what}, not ${expected}`);
  }

  /** The built-in part of that name. @throws LocopropError VECTORS_INVALID */
  choose<K extends PartKind>(kind: K, { name, hyperparameters }: PartChoice): Chosen<PartOfKind<K>> {
    const known = parts.parameters(kind, name);
    if (!known)
      throw this.invalid(`there is no ${kind} "${name}"; known are ${parts.names(kind).join(', ')}`);
    const unknown = Object.keys(hyperparameters).find((key) => !(key in known));
    if (unknown !== undefined) throw this.invalid(`${name} has no hyperparameter "${unknown}"`);
    const missing = Object.keys(known).find(
      (key) => (hyperparameters[key] ?? known[key]?.default) === undefined,
    );
    if (missing !== undefined) throw this.invalid(`${name} needs the hyperparameter "${missing}"`);
    return parts.choose(kind, { ...hyperparameters, name });
  }
}
