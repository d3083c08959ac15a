import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { settingNames } from '../../core/settings/table.js';
import { isMap, type PlainMap } from '../../core/spec/plain-value.js';
import { hasCode, readFailed } from '../store/failure.js';
import { readBytes } from '../store/files.js';
import type { SettingProblem } from './settings-problems.js';
import { parseYaml } from './yaml-text.js';

/** Looked for in the working directory where none is named. */
const SETTINGS_FILE = 'locoprop.yaml';

const MAX_BYTES = 2 ** 20;

/** What a file sets, not yet checked. */
export interface SettingsFile {
  /** As it was named. */
  readonly file: string;
  /** Where its relative paths start. */
  readonly directory: string;
  readonly values: PlainMap;
}

/** Who names the file, and what it is called. */
export interface NamedFile {
  readonly source: string;
  readonly file: string;
}

/**
 * Reads the file that is named, else the one of the working directory, if there is one.
 * @throws LocopropError SPEC_SYNTAX, STORE_READ_FAILED
 */
export async function readSettingsFile(
  named: NamedFile | null,
  directory: string,
): Promise<SettingsFile | SettingProblem | null> {
  const file = named?.file ?? SETTINGS_FILE;
  const refuse = (reason: string): SettingProblem => ({
    source: named?.source ?? file,
    setting: 'config',
    value: file,
    reason,
  });
  const path = resolve(directory, file);
  const size = await sizeOf(path);
  if (size === null) return named === null ? null : refuse('there is no such file');
  if (size > MAX_BYTES) return refuse(`it is larger than ${MAX_BYTES} bytes`);
  const text = new TextDecoder().decode(await readBytes(path));
  // One with nothing but comments sets nothing.
  const values = /^\s*(#.*\s*)*$/.test(text) ? {} : parseYaml(text, file);
  if (!isMap(values)) return refuse('it holds no map of settings');
  return { file, directory: dirname(path), values };
}

/** Keys of a file that are no settings. */
export const unknownKeys = ({ values }: SettingsFile): string[] =>
  Object.keys(values).filter((key) => !(settingNames as readonly string[]).includes(key));

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return null;
    throw readFailed(path, cause);
  }
}
