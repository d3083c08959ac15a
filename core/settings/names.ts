import { settingOf, type SettingName } from './table.js';

const words = (name: SettingName): string[] => name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());

/** The option of a setting, such as `--max-upload`; null for a secret, which has none. */
export const flagOf = (name: SettingName): string | null =>
  settingOf(name).secret ? null : `--${words(name).join('-')}`;

/** The environment variable of a setting, such as LOCOPROP_MAX_UPLOAD. */
export const variableOf = (name: SettingName): string =>
  settingOf(name).variable ?? `LOCOPROP_${words(name).join('_').toUpperCase()}`;

/** What stands for the value of a setting in help, such as `<address>`. */
export function placeholderOf(name: SettingName): string {
  const { of, placeholder, bare } = settingOf(name);
  const names = {
    text: 'name',
    store: 'where',
    certificate: 'files',
    choice: 'what',
    bytes: 'size',
  } as const;
  const numbers = { whole: 'n', number: 'n' } as const;
  const others = { path: 'file', address: 'address', url: 'url', boolean: 'boolean' } as const;
  const word = placeholder ?? { ...names, ...numbers, ...others }[of.type];
  return of.type === 'boolean' || bare !== undefined ? `[${word}]` : `<${word}>`;
}
