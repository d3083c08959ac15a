import type { PartReference } from '../spec/job-spec.js';
import type { ParameterSpec, PartCatalogue, PartKind } from '../spec/part-catalogue.js';
import { localLosses, networkLosses } from './losses.js';
import { optimizers } from './optimizers.js';
import type { Chosen, Part, PartOfKind } from './part.js';
import { regularizers } from './regularizers.js';
import { targetRules } from './targets.js';
import { transferFunctions } from './transfer.js';

export const builtInParts: readonly Part[] = [
  ...transferFunctions,
  ...networkLosses,
  ...localLosses,
  ...targetRules,
  ...regularizers,
  ...optimizers,
];

/** The parts that a spec may name: the built-in ones and those of its plugins. */
export class Parts implements PartCatalogue {
  readonly #parts = new Map<string, Part>();

  /** A later part replaces an earlier one of the same kind and name. */
  constructor(own: readonly Part[] = []) {
    for (const part of [...builtInParts, ...own]) this.#parts.set(`${part.kind} ${part.name}`, part);
  }

  names(kind: PartKind): readonly string[] {
    return [...this.#parts.values()].filter((part) => part.kind === kind).map(({ name }) => name);
  }

  parameters(kind: PartKind, name: string): Readonly<Record<string, ParameterSpec>> | undefined {
    return this.#find(kind, name)?.parameters;
  }

  transferOfLoss(loss: string): string | undefined {
    return this.#find('loss', loss)?.transfer;
  }

  hasDistribution(loss: string): boolean {
    return this.#find('loss', loss)?.sample !== undefined;
  }

  isQuadratic(localLoss: string): boolean {
    return this.#find('localLoss', localLoss)?.quadratic ?? false;
  }

  #find<K extends PartKind>(kind: K, name: string): PartOfKind<K> | undefined {
    return this.#parts.get(`${kind} ${name}`) as PartOfKind<K> | undefined;
  }

  /** The part of a reference from a validated spec, with its hyperparameters. */
  choose<K extends PartKind>(kind: K, { name, ...given }: PartReference): Chosen<PartOfKind<K>> {
    const part = this.#find(kind, name);
    if (!part) throw new TypeError(`there is no ${kind} named "${name}"`);
    const h: Record<string, number> = {};
    for (const [key, parameter] of Object.entries<ParameterSpec>(part.parameters)) {
      const value = given[key] ?? parameter.default;
      if (typeof value !== 'number') throw new TypeError(`${kind} ${name} needs a number for "${key}"`);
      h[key] = value;
    }
    return { part, h };
  }
}
