import { availableParallelism, hostname } from 'node:os';
import { isatty } from 'node:tty';
import { flagOf, variableOf } from '../../core/settings/names.js';
import type { DefaultContext, SettingsCommand } from '../../core/settings/setting.js';
import {
  settingNames,
  settingOf,
  settingsFor,
  type SettingName,
  type SettingsOf,
} from '../../core/settings/table.js';
import { readSettingsFile, unknownKeys, type NamedFile, type SettingsFile } from './settings-file.js';
import { meant, settingsFailure, unknownVariables, type SettingProblem } from './settings-problems.js';
import { showSetting } from './settings-text.js';
import { check, readText, type Checked, type SettingValue } from './settings-values.js';

export interface SettingsSources<Command extends SettingsCommand> {
  readonly command: Command;
  /** Values of options by the names of their settings, as they were typed, and `config`. Others are passed over. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @default the working directory */
  readonly directory?: string;
}

export interface EffectiveSettings<Command extends SettingsCommand> {
  readonly settings: SettingsOf<Command>;
  /** Where each comes from: an option, a variable, a file, or `default`. */
  readonly sources: Readonly<Record<string, string>>;
  /** The file that was read; null where there is none. */
  readonly file: string | null;
}

interface Found {
  readonly source: string;
  readonly given: unknown;
  readonly checked: Checked;
}

/**
 * The settings of a command: its options come first, then the environment, then the file, then the default.
 *
 * @throws LocopropError SETTING_INVALID with a line for each wrong one; SPEC_SYNTAX, STORE_READ_FAILED
 */
export async function readSettings<Command extends SettingsCommand>(
  from: SettingsSources<Command>,
): Promise<EffectiveSettings<Command>> {
  const { problems, ...effective } = examine(from, await fileOf(from));
  const [first, ...rest] = problems;
  if (first) throw settingsFailure([first, ...rest]);
  return effective;
}

/**
 * How the log is to be written, as far as that can be told also where settings are wrong: of what is, and of a
 * file that cannot be read, `readSettings` tells.
 */
export async function readLogSettings(
  from: SettingsSources<SettingsCommand>,
): Promise<Pick<SettingsOf<SettingsCommand>, 'logLevel' | 'pretty'>> {
  const { settings } = examine(from, await fileOf(from).catch(() => null));
  return settings;
}

const fileOf = ({
  flags,
  environment,
  directory = process.cwd(),
}: SettingsSources<SettingsCommand>): ReturnType<typeof readSettingsFile> =>
  readSettingsFile(namedFile(flags, environment), directory);

/** The settings, with the default in the place of what is wrong, and all that is. */
function examine<Command extends SettingsCommand>(
  { command, flags, environment, directory = process.cwd() }: SettingsSources<Command>,
  read: Awaited<ReturnType<typeof readSettingsFile>>,
): EffectiveSettings<Command> & { readonly problems: readonly SettingProblem[] } {
  const problems: SettingProblem[] = unknownVariables(environment);
  const file = read && 'values' in read ? read : null;
  if (read && 'reason' in read) problems.push(read);
  if (file) problems.push(...problemsOfKeys(file));

  const values: Partial<Record<SettingName, SettingValue>> = {};
  const sources: Partial<Record<SettingName, string>> = {};
  for (const name of settingsFor(command)) {
    const all = foundFor(name, { flags, environment, file, directory });
    for (const { source, given, checked } of all) {
      if ('reason' in checked)
        problems.push({ source, setting: name, value: showSetting(name, given), reason: checked.reason });
    }
    const [first] = all;
    if (first && 'value' in first.checked) values[name] = first.checked.value;
    else values[name] = defaultOf(name, { command, workers: values.workers, directory });
    sources[name] = first?.source ?? 'default';
  }
  return { settings: values as unknown as SettingsOf<Command>, sources, file: file?.file ?? null, problems };
}

function namedFile(
  { config }: SettingsSources<SettingsCommand>['flags'],
  { LOCOPROP_CONFIG: variable }: SettingsSources<SettingsCommand>['environment'],
): NamedFile | null {
  if (typeof config === 'string') return { source: '--config', file: config };
  return variable === undefined ? null : { source: 'LOCOPROP_CONFIG', file: variable };
}

const problemsOfKeys = (file: SettingsFile): SettingProblem[] =>
  unknownKeys(file).map((key) => ({
    source: file.file,
    setting: key,
    // It may be a secret whose name is misspelt.
    value: '[hidden]',
    reason: `there is no such setting${meant(key, settingNames)}`,
  }));

/** All that is said of a setting, what counts first: also what does not count is not to be wrong. */
function foundFor(
  name: SettingName,
  {
    flags,
    environment,
    file,
    directory,
  }: {
    readonly flags: Readonly<Record<string, unknown>>;
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly file: SettingsFile | null;
    readonly directory: string;
  },
): Found[] {
  const setting = settingOf(name);
  const found: Found[] = [];
  const flag = flagOf(name);
  const given = flags[name];
  if (flag !== null && (typeof given === 'string' || given === true))
    found.push({ source: flag, given, checked: readText(setting, given, directory) });
  const variable = variableOf(name);
  const text = environment[variable];
  if (text !== undefined && !isUnset(variable, text)) {
    // To pass it over could leave open what was meant to be closed.
    const checked =
      text.trim() === '' ? { reason: 'the variable is empty' } : readText(setting, text, directory);
    found.push({ source: variable, given: text, checked });
  }
  if (file && Object.hasOwn(file.values, name)) {
    const value = file.values[name];
    found.push({ source: file.file, given: value, checked: check(setting, value, file.directory) });
  }
  return found;
}

/** Variables that other programs read too are unset by being empty, as these have it. */
const isUnset = (variable: string, text: string): boolean =>
  text.trim() === '' && !variable.startsWith('LOCOPROP_');

const STANDARD_ERROR = 2;

function defaultOf(
  name: SettingName,
  {
    command,
    workers,
    directory,
  }: {
    readonly command: SettingsCommand;
    readonly workers: SettingValue | undefined;
    readonly directory: string;
  },
): SettingValue {
  const setting = settingOf(name);
  const context: DefaultContext = {
    command,
    hostname: hostname(),
    processors: availableParallelism(),
    terminal: isatty(STANDARD_ERROR),
    workers: typeof workers === 'number' ? workers : null,
  };
  const given = typeof setting.default === 'function' ? setting.default(context) : setting.default;
  const checked = check(setting, given, directory);
  if ('reason' in checked) throw new Error(`the default of ${name} is wrong: ${checked.reason}`);
  return checked.value;
}
