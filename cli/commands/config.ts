import { Argument, type Command } from 'commander';
import { settingsCommands, type SettingsCommand } from '../../core/settings/setting.js';
import { settingNames } from '../../core/settings/table.js';
import { table } from '../format.js';
import { withOutput, type OutputOptions } from '../options.js';
import { print, printJson } from '../output.js';
import { withSettings } from '../settings.js';

type ConfigOptions = OutputOptions & Readonly<Record<string, unknown>>;

export function addConfig(program: Command): void {
  const command = program
    .command('config')
    .description('Print the settings in effect, and where each comes from.')
    .addArgument(
      new Argument('[command]', 'of which command').choices(settingsCommands).default('coordinator'),
    )
    .action(config);
  withOutput(withSettings(command, 'coordinator'), 'locoprop config up --workers 4');
}

async function config(command: SettingsCommand, { json, ...flags }: ConfigOptions): Promise<void> {
  const { readSettings } = await import('../../services/configuration/settings.js');
  const { showSetting, withoutSecrets } = await import('../../services/configuration/settings-text.js');
  const { settings, sources, file } = await readSettings({ command, flags, environment: process.env });
  const all: ReadonlyMap<string, unknown> = new Map(Object.entries<unknown>({ ...settings }));
  const names = settingNames.filter((name) => all.has(name));
  if (json) {
    const entries = names.map((name): [string, unknown] => [
      name,
      { value: withoutSecrets(name, all.get(name)), source: sources[name] },
    ]);
    printJson({ command, file, settings: Object.fromEntries<unknown>(entries) });
    return;
  }
  const rows = names.map((name) => {
    const value = all.get(name);
    return [name, value === null ? 'none' : plain(showSetting(name, value)), sources[name] ?? ''];
  });
  print(table([['setting', 'value', 'from'], ...rows], 3));
}

/** A text without its quotes. */
const plain = (shown: string): string => shown.replace(/^"(.*)"$/s, '$1');
