import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { isAlias, LineCounter, parseDocument, stringify, visit, type Document } from 'yaml';
import { LocopropError } from '../../core/errors/error.js';
import { applyOverride, type Override } from '../../core/spec/overrides.js';

const MAX_BYTES = 2 ** 20;
/** YAML aliases can make a small file a huge document. */
const MAX_ALIASES = 100;

/** A spec as it was read, not yet checked. */
export interface SpecFile {
  readonly data: unknown;
  /** Where its relative paths start. */
  readonly directory: string;
}

/**
 * Reads a YAML or JSON spec and applies overrides; a spec without a name is called after its file.
 * @throws LocopropError SPEC_FILE_MISSING, SPEC_FILE_UNREADABLE, SPEC_SYNTAX, SPEC_INVALID
 */
export async function readSpecFile(file: string, overrides: readonly Override[] = []): Promise<SpecFile> {
  const parsed = parseYaml(await readText(file), file);
  const named = withName(parsed, file);
  return { data: overrides.reduce(applyOverride, named), directory: resolve(dirname(file)) };
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw unreadable(file, `it has ${size} bytes`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof LocopropError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new LocopropError('SPEC_FILE_MISSING', { file }, { cause });
    throw unreadable(file, message, cause);
  }
}

const unreadable = (file: string, reason: string, cause?: unknown): LocopropError =>
  new LocopropError('SPEC_FILE_UNREADABLE', { file, reason }, { cause });

/**
 * The value of a YAML or JSON text.
 * @throws LocopropError SPEC_SYNTAX with line and column, both from 1
 */
export function parseYaml(text: string, file: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const syntax = (reason: string, offset: number): LocopropError => {
    const { line, col } = lines.linePos(offset);
    return new LocopropError('SPEC_SYNTAX', { file, line, column: col, reason });
  };
  const [error] = document.errors;
  if (error) throw syntax(error.message, error.pos[0]);
  if (countAliases(document) > MAX_ALIASES) throw syntax(`more than ${MAX_ALIASES} aliases`, 0);
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    throw syntax(cause instanceof Error ? cause.message : String(cause), 0);
  }
}

function countAliases(document: Document): number {
  let count = 0;
  visit(document, (_, node) => {
    if (isAlias(node)) count += 1;
  });
  return count;
}

function withName(data: unknown, file: string): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data) || 'name' in data) return data;
  const name = basename(file, extname(file))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return { name: name || 'job', ...data };
}

/** A spec as YAML. */
export const writeYaml = (data: unknown): string => stringify(data, { lineWidth: 110 });
