import { join, resolve } from 'node:path';
import { z } from 'zod';
import { parseBytes } from '../../core/settings/bytes.js';
import type { CertificateFiles, Setting, SettingType } from '../../core/settings/setting.js';
import { nearMiss } from '../../core/spec/near-miss.js';
import { LocopropError } from '../../core/errors/error.js';
import { certificateOf, keyOf } from '../security/credential-files.js';
import { parseAddress } from '../network/address.js';

/** What a setting is after it was checked. */
export type SettingValue = string | number | boolean | CertificateFiles | null;

export type Checked = { readonly value: SettingValue } | { readonly reason: string };

const MAX_TEXT = 4096;
const NONE = 'none';
const YES = ['true', 'yes', '1'];
const NO = ['false', 'no', '0'];

/** Checks what an option or a variable says; an option without a value is `true`. */
export function readText(setting: Setting, given: string | true, directory: string): Checked {
  const { of, bare } = setting;
  if (given === true) return check(setting, bare ?? true, directory);
  const text = given.trim();
  if (of.type === 'boolean') {
    const word = text.toLowerCase();
    return check(setting, YES.includes(word) ? true : NO.includes(word) ? false : text, directory);
  }
  const isNumber = of.type === 'whole' || of.type === 'number';
  const number = isNumber && /^[-+]?[\d.]+(e[-+]?\d+)?$/i.test(text) ? Number(text) : NaN;
  return check(setting, Number.isNaN(number) ? text : number, directory);
}

/**
 * Checks what a file or an option says.
 * @param directory where relative paths start
 */
export function check(setting: Setting, given: unknown, directory: string): Checked {
  const { of, optional = false } = setting;
  if (optional && (given === null || given === NONE)) return { value: null };
  const { success, data, error } = schemaOf(of, directory).safeParse(given);
  if (success) return { value: data };
  const [issue] = error.issues;
  // A refinement says more than what is allowed in general.
  if (issue?.code === 'custom') return { reason: issue.message };
  const near = of.type === 'choice' ? nearMiss(given, of.values) : undefined;
  const meant = near === undefined ? '' : ` (did you mean "${near}"?)`;
  return { reason: `allowed: ${allowed(of)}${optional ? ', or none' : ''}${meant}` };
}

/** What a value becomes: an own check that says what is wrong. */
const derived = <Value>(make: (text: string) => Value) =>
  z
    .string()
    .min(1)
    .max(MAX_TEXT)
    .transform((text, context) => {
      try {
        return make(text);
      } catch (cause) {
        if (!(cause instanceof Error)) throw cause;
        const reason = cause instanceof LocopropError ? cause.details['reason'] : undefined;
        context.addIssue({ code: 'custom', message: String(reason ?? cause.message) });
        return z.NEVER;
      }
    });

function schemaOf(of: SettingType, directory: string): z.ZodType<SettingValue> {
  switch (of.type) {
    case 'text':
      // It goes into lines of logs and headers of requests.
      return z.string().regex(/^[\x21-\x7e]{1,255}$/);
    case 'path':
      return derived((text) => resolve(directory, text));
    case 'store':
      return derived((text) => (/^\w+:\/\//.test(text) ? bucket(text) : resolve(directory, text)));
    case 'address':
      return derived((text) => (parseAddress(text), text));
    case 'url':
      return derived((text) => url(text, of.schemes));
    case 'bytes':
      return z.preprocess((given) => (typeof given === 'string' ? parseBytes(given) : given), z.int().min(1));
    case 'certificate':
      return derived((text) => certificateFiles(text, directory));
    case 'boolean':
      return z.boolean();
    case 'choice':
      return z.enum(of.values);
    case 'whole':
      return z.int().min(of.minimum).max(of.maximum);
    case 'number':
      return z.number().min(of.minimum).max(of.maximum);
  }
}

function allowed(of: SettingType): string {
  switch (of.type) {
    case 'text':
      return 'a word of at most 255 visible ASCII characters';
    case 'path':
      return 'the path of a file or folder';
    case 'store':
      return 'a folder or s3://BUCKET/PREFIX';
    case 'address':
      return 'HOST:PORT';
    case 'url':
      return of.schemes.map((scheme) => `${scheme}://…`).join(' or ');
    case 'bytes':
      return 'a number of bytes, with a unit such as MB or GiB';
    case 'certificate':
      return 'a folder, or CERTIFICATE,KEY';
    case 'boolean':
      return 'true or false';
    case 'choice':
      return of.values.join(', ');
    case 'whole':
      return `a whole number from ${of.minimum} to ${of.maximum}`;
    case 'number':
      return `a number from ${of.minimum} to ${of.maximum}`;
  }
}

function bucket(text: string): string {
  if (!/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[^?#]*)?$/.test(text))
    throw new Error('what has a scheme is s3://BUCKET or s3://BUCKET/PREFIX');
  return text.replace(/\/+$/, '');
}

function url(text: string, schemes: readonly string[]): string {
  const scheme = URL.canParse(text) ? new URL(text).protocol.slice(0, -1) : null;
  if (scheme === null || !schemes.includes(scheme) || new URL(text).hostname === '')
    throw new Error(`allowed: ${allowed({ type: 'url', schemes })}`);
  return text;
}

function certificateFiles(text: string, directory: string): CertificateFiles {
  const [first = '', second, ...more] = text.split(',').map((part) => part.trim());
  if (first === '' || second === '' || more.length > 0)
    throw new Error(`allowed: ${allowed({ type: 'certificate' })}`);
  if (second !== undefined)
    return { certificate: resolve(directory, first), key: resolve(directory, second) };
  const folder = resolve(directory, first);
  return { certificate: join(folder, certificateOf('coordinator')), key: join(folder, keyOf('coordinator')) };
}
