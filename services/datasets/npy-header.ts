import type { ByteReader } from './byte-stream.js';

export interface NpyHeader {
  /** Byte order and type of a number: `<f4`. */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

type Literal = string | boolean | number | readonly Literal[];

const MOST_DIMENSIONS = 8;
const token = /\s*(?:'([^'\\]*)'|"([^"\\]*)"|(\d{1,16})L?|(True|False)|([{}():,]))/y;

/** The header's Python literals, as far as an array of numbers needs them: no escapes, no nesting. */
class LiteralParser {
  #position = 0;

  constructor(
    readonly text: string,
    readonly fail: (reason: string) => Error,
  ) {}

  /** The next token, a literal or a mark; undefined where none begins. */
  #next(): { literal: Literal } | { mark: string } | undefined {
    token.lastIndex = this.#position;
    const match = token.exec(this.text);
    if (match === null) return undefined;
    this.#position = token.lastIndex;
    const [, single, double, digits, truth, mark] = match;
    if (mark !== undefined) return { mark };
    if (digits !== undefined) return { literal: Number(digits) };
    if (truth !== undefined) return { literal: truth === 'True' };
    return { literal: single ?? double ?? '' };
  }

  #peekMark(mark: string): boolean {
    const before = this.#position;
    const next = this.#next();
    if (next !== undefined && 'mark' in next && next.mark === mark) return true;
    this.#position = before;
    return false;
  }

  #expectMark(mark: string): void {
    if (!this.#peekMark(mark)) throw this.fail(`the header lacks ${mark} at character ${this.#position}`);
  }

  #literal(): Literal {
    const before = this.#position;
    const next = this.#next();
    if (next !== undefined && 'literal' in next) return next.literal;
    throw this.fail(`the header cannot be understood at character ${before}`);
  }

  /** Items up to the closing mark; Python allows a comma after the last. */
  #list<Item>(close: string, most: number, item: () => Item): Item[] {
    const items: Item[] = [];
    while (!this.#peekMark(close)) {
      if (items.length === most) throw this.fail(`the header holds more than ${most} items`);
      items.push(item());
      if (!this.#peekMark(',')) {
        this.#expectMark(close);
        break;
      }
    }
    return items;
  }

  dictionary(): Map<Literal, Literal> {
    this.#expectMark('{');
    const entries = this.#list('}', 3, (): [Literal, Literal] => {
      const key = this.#literal();
      this.#expectMark(':');
      return [
        key,
        this.#peekMark('(') ? this.#list(')', MOST_DIMENSIONS, () => this.#literal()) : this.#literal(),
      ];
    });
    if (this.text.slice(this.#position).trim() !== '')
      throw this.fail('the header goes on after its dictionary');
    return new Map(entries);
  }
}

/** Parses the dictionary of an NPY header. */
export function parseNpyHeader(text: string, reader: ByteReader): NpyHeader {
  const fail = (reason: string): Error => reader.malformed(reason);
  const entries = new LiteralParser(text, fail).dictionary();
  const descr = entries.get('descr');
  const fortranOrder = entries.get('fortran_order');
  const shape = entries.get('shape');
  const isSize = (size: Literal): size is number => typeof size === 'number';
  if (typeof descr !== 'string') throw fail('the header names no plain type in descr');
  if (typeof fortranOrder !== 'boolean') throw fail('the header says no fortran_order');
  if (!Array.isArray(shape) || !shape.every(isSize)) throw fail('the header names no shape');
  return { descr, fortranOrder, shape };
}
