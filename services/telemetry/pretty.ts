import type { DestinationStream } from 'pino';

/** What a program needs of a line, and a person does not. */
const LEFT_OUT = new Set(['level', 'time', 'service', 'version', 'msg', 'number', 'sequence', 'fence']);

/** A value in a line: numbers to four digits, and of lists only how long they are. */
function shown(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : short(value);
  if (Array.isArray(value))
    return value.every((entry) => typeof entry === 'string') ? value.join(',') : `[${value.length}]`;
  if (typeof value === 'object' && value !== null) return `{${pairs(value)}}`;
  const text = String(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

const short = (value: number): string => String(Number(value.toPrecision(4)));

const pairs = (fields: object): string =>
  Object.entries(fields)
    .filter(([name, value]) => !LEFT_OUT.has(name) && value !== null)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(' ');

/** Rewrites each line for people, within the call: what a process writes at its very end is seen too. */
export async function prettyStream(target: DestinationStream): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty');
  const rewrite = prettyFactory({
    colorize: process.stderr.isTTY && process.env['NO_COLOR'] === undefined,
    hideObject: true,
    translateTime: 'SYS:HH:MM:ss',
    messageFormat: (fields) => `${String(fields['msg'])}  ${pairs(fields)}`,
  });
  return { write: (line) => target.write(rewrite(line)) };
}
