import { Option, type Command } from 'commander';
import { flagOf, placeholderOf } from '../core/settings/names.js';
import type { SettingsCommand } from '../core/settings/setting.js';
import { settingOf, settingsFor, type SettingName } from '../core/settings/table.js';

/**
 * Adds `--config` and an option for every setting that a command has. Their values are given to
 * `readSettings` as they are typed, so that all that is wrong is told at once.
 */
export function withSettings(command: Command, of: SettingsCommand): Command {
  command.option('--config <file>', 'file with settings (default: locoprop.yaml, where there is one)');
  for (const name of settingsFor(of)) {
    const flag = flagOf(name);
    if (flag === null) continue;
    command.addOption(new Option(`${flag} ${placeholderOf(name)}`, helpOf(name)));
  }
  return command;
}

function helpOf(name: SettingName): string {
  const { of, default: value, defaultText, description } = settingOf(name);
  const text = description.charAt(0).toLowerCase() + description.slice(1);
  const fixed = typeof value === 'function' || value === null ? null : String(value);
  const shown = defaultText ?? fixed;
  const choices = of.type === 'choice' ? [of.values.join(', ')] : [];
  const notes = [...choices, ...(shown === null ? [] : [`default: ${shown}`])];
  return notes.length === 0 ? text : `${text} (${notes.join('; ')})`;
}
