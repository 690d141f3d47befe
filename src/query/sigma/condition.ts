/** A condition of a Sigma rule, with its quantifiers resolved to the selections that they stand for. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'selection'; readonly name: string };

/** What of a condition cannot be read. */
export class ConditionProblem extends Error {}

interface Parser {
  readonly tokens: readonly string[];
  position: number;
  readonly names: readonly string[];
}

/** Reads `a and not 1 of filter_*`; `names` are the selections that there are. Throws ConditionProblem. */
export function parseCondition(text: string, names: readonly string[]): Condition {
  const tokens: readonly string[] = text.match(/[()|]|[^\s()|]+/g) ?? [];
  if (tokens.includes('|')) throw new ConditionProblem('aggregations after "|" are of an older Sigma and not read');
  const parser = { tokens, position: 0, names };
  const condition = parseOr(parser);
  const rest = tokens[parser.position];
  if (rest !== undefined) throw new ConditionProblem(`"${rest}" is not expected in the condition`);
  return condition;
}

function parseOr(parser: Parser): Condition {
  return parseJoined(parser, 'or', parseAnd);
}

function parseAnd(parser: Parser): Condition {
  return parseJoined(parser, 'and', parseNot);
}

function parseJoined(parser: Parser, kind: 'and' | 'or', parsePart: (parser: Parser) => Condition): Condition {
  const parts = [parsePart(parser)];
  while (take(parser, kind)) parts.push(parsePart(parser));
  return joined(kind, parts);
}

function joined(kind: 'and' | 'or', parts: readonly Condition[]): Condition {
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : { kind, parts };
}

function parseNot(parser: Parser): Condition {
  if (take(parser, 'not')) return { kind: 'not', part: parseNot(parser) };
  if (!take(parser, '(')) return parseSelection(parser);
  const inner = parseOr(parser);
  if (!take(parser, ')')) throw new ConditionProblem('a bracket of the condition is not closed');
  return inner;
}

function parseSelection(parser: Parser): Condition {
  const word = parser.tokens[parser.position];
  if (word === undefined) throw new ConditionProblem('the condition ends where a selection is wanted');
  parser.position += 1;
  if (/^(1|any|all)$/.test(word) && take(parser, 'of')) return parseQuantified(parser, word === 'all' ? 'and' : 'or');
  if (!parser.names.includes(word)) throw new ConditionProblem(`there is no selection ${word}`);
  return { kind: 'selection', name: word };
}

/** `them` leaves out selections whose name begins with "_". */
function parseQuantified(parser: Parser, kind: 'and' | 'or'): Condition {
  const pattern = parser.tokens[parser.position] ?? '';
  parser.position += 1;
  const matches = (name: string): boolean => {
    if (pattern === 'them') return !name.startsWith('_');
    return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
  };
  const found = parser.names.filter(matches).map((name) => ({ kind: 'selection', name }) as const);
  if (found.length === 0) throw new ConditionProblem(`no selection is called ${pattern}`);
  return joined(kind, found);
}

function take(parser: Parser, word: string): boolean {
  if (parser.tokens[parser.position]?.toLowerCase() !== word) return false;
  parser.position += 1;
  return true;
}
