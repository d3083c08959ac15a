import { showBytes } from '../../core/settings/bytes.js';
import { settingOf, type SettingName } from '../../core/settings/table.js';
import { showValue } from '../../core/spec/plain-value.js';

const HIDDEN = '[hidden]';

/** The value of a setting for people and files, its secrets hidden: of an address with a password, that one. */
export function withoutSecrets(name: SettingName, value: unknown): unknown {
  const { of, secret } = settingOf(name);
  if (value === null || value === undefined) return value;
  if (secret) return HIDDEN;
  return of.type === 'url' && typeof value === 'string' ? withoutPassword(value) : value;
}

/** The same in a line, as messages show it. */
export function showSetting(name: SettingName, value: unknown): string {
  const shown = withoutSecrets(name, value);
  if (settingOf(name).of.type === 'bytes' && typeof shown === 'number') return showBytes(shown);
  return shown === HIDDEN ? HIDDEN : showValue(shown);
}

/** Also of what is no address: it may be one that is misspelt. A query may hold anything. */
const withoutPassword = (text: string): string =>
  text.replace(/^([\w+.-]*:\/\/)?.*@/s, `$1${HIDDEN}@`).replace(/\?.*$/s, `?${HIDDEN}`);
