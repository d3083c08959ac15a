/** The commands that go on for long, and take settings. */
export const settingsCommands = ['coordinator', 'up', 'worker'] as const;
export type SettingsCommand = (typeof settingsCommands)[number];

/** What a setting may hold. Texts of options and variables are read as it; a file has it as it is. */
export type SettingType =
  | { readonly type: 'text' }
  /** A file or folder; a relative one starts at the file that names it, else at the working directory. */
  | { readonly type: 'path' }
  /** A folder, or `s3://BUCKET/PREFIX`. */
  | { readonly type: 'store' }
  /** `HOST:PORT`. */
  | { readonly type: 'address' }
  | { readonly type: 'url'; readonly schemes: readonly string[] }
  /** A number with a unit, such as `4GiB`. */
  | { readonly type: 'bytes' }
  /** A folder of `locoprop certs`, or `CERTIFICATE,KEY`. */
  | { readonly type: 'certificate' }
  | { readonly type: 'boolean' }
  | { readonly type: 'choice'; readonly values: readonly string[] }
  | { readonly type: 'whole'; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'number'; readonly minimum: number; readonly maximum: number };

/** The files of a server's certificate. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** What the defaults of some settings follow. */
export interface DefaultContext {
  readonly command: SettingsCommand;
  readonly hostname: string;
  /** That this process may use. */
  readonly processors: number;
  /** Whether a person reads standard error. */
  readonly terminal: boolean;
  /** Workers of this machine, as they were set; null where the command has none. */
  readonly workers: number | null;
}

export type SettingDefault = string | number | boolean | null;

export interface Setting {
  readonly of: SettingType;
  /** Whether it may be null, which options and variables write as `none`. */
  readonly optional?: true;
  readonly default: SettingDefault | ((context: DefaultContext) => SettingDefault);
  /** Says a default that is not the same everywhere. */
  readonly defaultText?: string;
  /** A sentence without its full stop, or several with those between. */
  readonly description: string;
  readonly commands: readonly SettingsCommand[];
  /** The environment variable, where it is not LOCOPROP_ and the name. */
  readonly variable?: string;
  /** What stands for the value in help. */
  readonly placeholder?: string;
  /** What the option means without a value. */
  readonly bare?: string;
  /** Not printed, and no option, which other users of the machine could read. */
  readonly secret?: true;
}
