import {
  Composer,
  isAlias,
  isScalar,
  Lexer,
  LineCounter,
  Parser,
  parseDocument,
  visit,
  type CST,
  type Document,
  type ParsedNode,
} from 'yaml';
import { LocopropError } from '../../core/errors/error.js';

/*
 * What a file of the user's may cost. Composing a document recurses into it, compares every key of a map
 * with every other and looks up every alias, so the text is measured before.
 */
const MAX_LEXEMES = 100_000;
const MAX_DEPTH = 64;
const MAX_KEYS = 1000;
const MAX_ALIASES = 1000;

type Refuse = (reason: string, offset: number) => LocopropError;

/** Why the parser's state is more than a spec can need. */
function excess({ stack }: Parser, lexemes: number, aliases: number): string | undefined {
  if (lexemes > MAX_LEXEMES) return 'there is too much of it for a spec';
  if (stack.length > MAX_DEPTH) return 'this is nested too deeply';
  if (aliases > MAX_ALIASES) return `there are more than ${MAX_ALIASES} aliases`;
  const top = stack.at(-1);
  const keys =
    top?.type === 'block-map' || (top?.type === 'flow-collection' && top.start.type === 'flow-map-start')
      ? top.items.length
      : 0;
  return keys > MAX_KEYS ? `this map has more than ${MAX_KEYS} keys` : undefined;
}

/** The concrete syntax of a text, within the limits. */
function* tokensOf(text: string, lines: LineCounter, refuse: Refuse): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let lexemes = 0;
  let aliases = 0;
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    lexemes += 1;
    if (lexeme.startsWith('*')) aliases += 1;
    const reason = excess(parser, lexemes, aliases);
    if (reason !== undefined) throw refuse(reason, parser.offset);
  }
  yield* parser.end();
}

/** An alias must follow its anchor. */
function checkAliases(document: Document.Parsed, refuse: Refuse): void {
  const anchors = new Set<string>();
  visit(document, (_, node) => {
    if (isAlias(node) && !anchors.has(node.source)) {
      throw refuse(`there is no anchor &${node.source} before this alias`, node.range?.[0] ?? 0);
    }
    if (node !== null && typeof node === 'object' && 'anchor' in node && typeof node.anchor === 'string') {
      anchors.add(node.anchor);
    }
  });
}

/**
 * The value of a YAML or JSON text. Values that are named by several aliases are one object.
 *
 * @param source what messages call the text
 * @throws LocopropError SPEC_SYNTAX with line and column, both from 1
 */
export function parseYaml(text: string, source: string): unknown {
  const lines = new LineCounter();
  const refuse: Refuse = (reason, offset) => {
    const { line, col } = lines.linePos(offset);
    return new LocopropError('SPEC_SYNTAX', { source, line, column: Math.max(col, 1), reason });
  };
  const tokens = [...tokensOf(text, lines, refuse)];
  const composer = new Composer<ParsedNode>({
    // A merge key copies, so that a few lines of them can stand for more than any memory holds.
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: true,
  });
  const [document, another] = composer.compose(tokens, true, text.length);
  if (!document) throw refuse('there is nothing in it', 0);
  const [flaw] = [...document.errors, ...document.warnings];
  if (flaw) throw refuse(flaw.message, flaw.pos[0]);
  if (another) throw refuse('a second document begins here', another.range[0]);
  checkAliases(document, refuse);
  // How large the document is with its aliases written out is for parseSpec to judge.
  return document.toJS({ maxAliasCount: -1 });
}

/** A value as YAML; a map of scalars takes one line. */
export function writeYaml(data: unknown): string {
  const document = parseDocument(JSON.stringify(data));
  visit(document, {
    Map(_, node) {
      node.flow = node.items.every(({ value }) => isScalar(value));
    },
    Seq(_, node) {
      node.flow = node.items.length === 0;
    },
    Scalar(_, node) {
      // As JSON has it, every text is quoted.
      delete node.type;
    },
  });
  return document.toString({ lineWidth: 100 });
}
