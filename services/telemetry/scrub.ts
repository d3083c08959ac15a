const HIDDEN = '***';

/** Secrets as they stand within texts, such as the message of an error that names an address. */
const secrets: readonly { readonly pattern: RegExp; readonly shown: string }[] = [
  // redis://user:password@host
  { pattern: /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*@/gi, shown: `$1${HIDDEN}@` },
  // ?token=…&X-Amz-Signature=…
  {
    pattern: /([?&][\w-]*(?:token|password|secret|signature|credential|api[_-]?key)[\w-]*=)[^&\s#"']+/gi,
    shown: `$1${HIDDEN}`,
  },
  // authorization: Bearer …; shorter words behind it are prose.
  { pattern: /\b(bearer|basic) +[\w.~+/=-]{16,}/gi, shown: `$1 ${HIDDEN}` },
];

/** A text without passwords of addresses, secrets of query strings and credentials of headers. */
export const scrubText = (text: string): string =>
  secrets.reduce((left, { pattern, shown }) => left.replace(pattern, shown), text);

/** The same of every text in a value of JSON. */
export function scrub(value: unknown): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (Array.isArray(value)) return value.map(scrub);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, scrub(field)]));
}
