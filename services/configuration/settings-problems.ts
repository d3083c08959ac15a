import { LocopropError } from '../../core/errors/error.js';
import { variableOf } from '../../core/settings/names.js';
import { settingNames } from '../../core/settings/table.js';
import { nearMiss } from '../../core/spec/near-miss.js';

/** One thing that is wrong with the settings. */
export interface SettingProblem {
  /** The option, variable or file that says so. */
  readonly source: string;
  readonly setting: string;
  /** As it is shown. */
  readonly value: string;
  readonly reason: string;
}

/** All that is wrong, as one failure with a line for each. */
export function settingsFailure([first, ...rest]: readonly [
  SettingProblem,
  ...SettingProblem[],
]): LocopropError {
  const lines = rest.map((problem) => new LocopropError('SETTING_INVALID', { ...problem }).message);
  return new LocopropError('SETTING_INVALID', { ...first, reason: [first.reason, ...lines].join('\n') });
}

export const meant = (given: string, names: readonly string[]): string => {
  const near = nearMiss(given, names);
  return near === undefined ? '' : ` (did you mean "${near}"?)`;
};

const PREFIX = 'LOCOPROP_';

/** Variables of locoprop that are no settings. */
const otherVariables = [
  'LOCOPROP_CONFIG',
  'LOCOPROP_URL',
  'LOCOPROP_TOKEN',
  'LOCOPROP_TRACE',
  'LOCOPROP_PARENT_PIPE',
  'LOCOPROP_WORKERS_ON_HOST',
  'LOCOPROP_TF32',
];

/** What Kubernetes puts into every container for a service whose name begins with ours. */
const OF_KUBERNETES = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** Variables that look like ours and are not: misspelt ones would be passed over in silence. */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): SettingProblem[] {
  const known = [...settingNames.map(variableOf), ...otherVariables];
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name) && !OF_KUBERNETES.test(name))
    .map((name) => ({
      source: 'the environment',
      setting: name,
      // It may be a secret whose name is misspelt.
      value: '[hidden]',
      reason: `there is no such variable${meantVariable(name, known)}`,
    }));
}

/** Told apart by what is behind the common beginning. */
function meantVariable(name: string, known: readonly string[]): string {
  const own = known.filter((other) => other.startsWith(PREFIX)).map((other) => other.slice(PREFIX.length));
  const near = nearMiss(name.slice(PREFIX.length), own);
  return near === undefined ? '' : ` (did you mean "${PREFIX}${near}"?)`;
}
