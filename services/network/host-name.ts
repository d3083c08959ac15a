import { isIP } from 'node:net';

/** A label of a name; with the underscore, which container networks have in theirs. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** Whether a text is the name of a machine. One that ends in a number would be read as an address. */
function isHostName(text: string): boolean {
  const labels = text.split('.');
  return (
    text.length <= 253 &&
    labels.every((label) => LABEL.test(label)) &&
    !/^(\d+|0x[0-9a-f]*)$/i.test(labels.at(-1)!)
  );
}

/** Whether a text is the name or the IP address of a machine. */
export const isHost = (text: string): boolean => isIP(text) !== 0 || isHostName(text);
