import { z } from 'zod';
import { dataSource } from './data-schema.js';
import type { JsonSchema } from './json-schema.js';
import { findProblems } from './problems.js';
import { refusedSpec } from './refused-spec.js';

/**
 * Checks a data source that stands by itself, outside of a spec.
 *
 * @param source what messages call it
 * @throws SpecRefusal SPEC_INVALID, which lists every problem
 */
export function checkDataSource(data: unknown, source: string): void {
  const { success, error } = dataSource.safeParse(data);
  if (success) return;
  const schema = z.toJSONSchema(dataSource, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  throw refusedSpec('SPEC_INVALID', source, findProblems(schema, data, error.issues));
}
