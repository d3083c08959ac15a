import { z } from 'zod';
import type { Matrix } from '../../core/matrix.js';

/*
 * The conformance vectors as they stand in the files; test/vectors/README.md describes them. Matrices
 * are lists of rows, a bias is a list.
 */

/** Bounds the time that a file can make an engine work. */
const LARGEST_ITERATIONS = 10_000;

const row = z.array(z.number()).min(1);

const matrix = z
  .array(row)
  .min(1)
  .transform((rows, context): Matrix<Float64Array> => {
    const columns = rows[0]!.length;
    const ragged = rows.findIndex(({ length }) => length !== columns);
    if (ragged >= 0) {
      const message = `row ${ragged} has ${rows[ragged]!.length} entries, row 0 has ${columns}`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    return { rows: rows.length, columns, data: Float64Array.from(rows.flat()) };
  });

const vector = row.transform((entries): Matrix<Float64Array> => ({
  rows: 1,
  columns: entries.length,
  data: Float64Array.from(entries),
}));

const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A part as a case names it. */
export interface PartChoice {
  readonly name: string;
  readonly hyperparameters: Readonly<Record<string, number>>;
}

/** A part's name, alone or with its hyperparameters. */
const part = z.union(
  [
    z.string().transform((name): PartChoice => ({ name, hyperparameters: {} })),
    z
      .object({ name: z.string() })
      .catchall(z.number())
      .transform(({ name, ...given }): PartChoice => {
        const entries = Object.entries(given).map(([key, value]) => [camelCase(key), value] as const);
        return { name, hyperparameters: Object.fromEntries(entries) };
      }),
  ],
  { error: 'expected a name, or an object of a name and numbers' },
);

/** A slot has its parameter's shape, except that adam's t is a number. */
const slots = (shape: typeof matrix | typeof vector) => {
  const slot = z.union([z.number(), shape], { error: "expected numbers in the parameter's shape" });
  return z.record(z.string(), slot).default({});
};

const objective = z.number().nullable().default(null);

const common = {
  name: z.string(),
  /** What plain float32 errs on this case. */
  float32Error: z.number().nonnegative().default(0),
};

const learning = {
  optimizer: part,
  regularizer: part.default({ name: 'none', hyperparameters: {} }),
  localSchedule: z.enum(['linear', 'constant']).default('linear'),
  iterations: z.int().min(1).max(LARGEST_ITERATIONS),
  learningRate: z.number().nonnegative(),
};

export const localProblemSchema = z.object({
  ...common,
  ...learning,
  variant: z.enum(['S', 'M']),
  activation: part,
  weights0: matrix,
  bias0: vector,
  /** Consecutive mini-batches. */
  solves: z
    .array(
      z.object({
        X: matrix,
        target: matrix,
        weights: matrix,
        bias: vector,
        weightSlots: slots(matrix),
        biasSlots: slots(vector),
        objectiveBefore: objective,
        objectiveAfter: objective,
      }),
    )
    .min(1),
});

export const exactSolutionSchema = z.object({
  ...common,
  eta: z.number().positive(),
  X: matrix,
  target: matrix,
  weights0: matrix,
  bias0: vector,
  weights: matrix,
  bias: vector,
});

export const networkSchema = z.object({
  ...common,
  ...learning,
  algorithm: z.enum(['S', 'M', 'BP']),
  sizes: z.array(z.int().positive()).min(2),
  activations: z.array(part).min(1),
  loss: part,
  activationLearningRate: z.number(),
  weights0: z.array(matrix),
  biases0: z.array(vector),
  steps: z
    .array(
      z.object({
        inputs: matrix,
        labels: matrix,
        loss: z.number(),
        /** Per layer; none for BP. */
        targets: z
          .array(matrix)
          .nullish()
          .transform((targets) => targets ?? []),
        weights: z.array(matrix),
        biases: z.array(vector),
      }),
    )
    .min(1),
});

export type LocalProblemCase = z.infer<typeof localProblemSchema>;
export type ExactSolutionCase = z.infer<typeof exactSolutionSchema>;
export type NetworkCase = z.infer<typeof networkSchema>;
