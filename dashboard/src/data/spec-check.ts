import { Validator, type OutputUnit, type Schema } from '@cfworker/json-schema';
import { LineCounter, parseDocument } from 'yaml';
import { getJson } from '../api/client.ts';
import type { SpecProblem } from '../api/types.ts';
import { lineOf } from './spec-problems.ts';

let validator: Promise<Validator> | null = null;

/** Of the schema of specs that the coordinator serves. */
async function loadValidator(): Promise<Validator> {
  const { components } = await getJson<{ components: Schema }>('/openapi.json');
  return new Validator({ $ref: '#/components/schemas/JobSpec', components }, '2020-12', false);
}

/** What the schema has against a spec; the coordinator knows more, and has the last word. */
export async function checkSpec(text: string): Promise<readonly SpecProblem[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    return document.errors.map(({ message, pos: [at] }) => ({
      path: '',
      line: lines.linePos(at).line,
      text: message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, ''),
    }));
  }
  if (document.contents === null) return [];
  validator ??= loadValidator();
  let known: Validator;
  try {
    known = await validator;
  } catch (error) {
    validator = null;
    throw error;
  }
  const { valid, errors } = known.validate(document.toJS());
  if (valid) return [];
  return telling(errors).map(({ instanceLocation, error }) => {
    const path = pathOf(instanceLocation);
    const name = path.join('.');
    return {
      path: name,
      line: lineOf(document, lines, path),
      text: name === '' ? plain(error) : `${name}: ${plain(error)}`,
    };
  });
}

/** The failures that are not just the sum of others: of those below each other, the deepest. */
function telling(errors: readonly OutputUnit[]): readonly OutputUnit[] {
  const deepest = errors.filter(
    ({ instanceLocation, keyword }) =>
      !['$ref', 'properties', 'anyOf', 'oneOf', 'allOf', 'items', 'if', 'then', 'false'].includes(keyword) ||
      !errors.some((other) => other.instanceLocation.startsWith(`${instanceLocation}/`)),
  );
  const first = new Map<string, OutputUnit>();
  for (const error of deepest)
    if (!first.has(error.instanceLocation)) first.set(error.instanceLocation, error);
  // What lies above another failure only repeats it.
  return [...first.values()].filter(
    ({ instanceLocation }) => ![...first.keys()].some((other) => other.startsWith(`${instanceLocation}/`)),
  );
}

/** What the library says of types, in the words of specs. */
const plain = (error: string): string =>
  error.replace(/^Instance type "(\w+)" is invalid\. Expected "(.+)"\.$/, 'it is of type $1; allowed: $2.');

const pathOf = (location: string): readonly string[] =>
  location
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'));
