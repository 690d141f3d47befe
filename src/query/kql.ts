/**
 * Checks KQL before a server sees it. The server evaluates it; this only refuses what the server would take in silence
 * and match nothing with: unknown fields, `a, b`, `=`, a missing operand, an escaped colon before a star.
 */
import { isIP } from 'node:net';
import type { FieldTypes } from './fields.ts';

interface Token {
  readonly kind: 'word' | 'string' | 'operator';
  readonly text: string;
  readonly at: number;
}

/** A part of a query, with its text as it stands there: each is a query of its own. */
export type KqlNode =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly KqlNode[]; readonly text: string }
  | { readonly kind: 'not'; readonly part: KqlNode; readonly text: string }
  | KqlClause;

/** `field operator value`; the value without the quotes it stood in, and with its escapes. */
export interface KqlClause {
  readonly kind: 'clause';
  readonly field: string;
  readonly operator: ':' | '<' | '<=' | '>' | '>=';
  readonly value: string;
  readonly quoted: boolean;
  readonly text: string;
}

/** What is wrong, and where (characters from the start). */
export class KqlProblem extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(<=|>=|[():<>{}])|((?:\\.|[^\s():<>{}"\\])+)|(.))/gsy;

/** The problem of a query; undefined when there is none. */
export function checkKql(query: string, fields: FieldTypes): string | undefined {
  try {
    parseKql(query, fields);
    return undefined;
  } catch (error) {
    if (error instanceof KqlProblem) return `${error.message} (at "${query.slice(error.at, error.at + 24)}")`;
    throw error;
  }
}

/** The parts of a query; throws KqlProblem. It reads and never evaluates: only a server does. */
export function parseKql(query: string, fields: FieldTypes): KqlNode {
  const parser = { query, tokens: tokenize(query), position: 0, fields };
  const node = parseOr(parser);
  const rest = parser.tokens[parser.position];
  if (rest !== undefined) throw unexpected(rest);
  return node;
}

interface Parser {
  readonly query: string;
  readonly tokens: readonly Token[];
  position: number;
  readonly fields: FieldTypes;
}

function tokenize(query: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of query.trimEnd().matchAll(TOKEN)) {
    const [whole, string, operator, word, other] = match;
    const text = string ?? operator ?? word ?? other ?? '';
    const at = match.index + whole.length - text.length;
    if (other !== undefined) throw new KqlProblem(at, 'a quote or backslash without its end');
    tokens.push({ kind: string !== undefined ? 'string' : operator !== undefined ? 'operator' : 'word', text, at });
  }
  if (tokens.length === 0) throw new KqlProblem(0, 'the query is empty and would match everything');
  return tokens;
}

function parseOr(parser: Parser): KqlNode {
  return parseJoined(parser, 'or', parseAnd);
}

function parseAnd(parser: Parser): KqlNode {
  return parseJoined(parser, 'and', parseNot);
}

function parseJoined(parser: Parser, word: 'and' | 'or', parsePart: (parser: Parser) => KqlNode): KqlNode {
  const from = parser.position;
  const first = parsePart(parser);
  const parts = [first];
  while (takeWord(parser, word)) parts.push(parsePart(parser));
  return parts.length === 1 ? first : { kind: word, parts, text: textSince(parser, from) };
}

function parseNot(parser: Parser): KqlNode {
  const from = parser.position;
  // `not not x` is KQL, and says x.
  if (takeWord(parser, 'not')) return { kind: 'not', part: parseNot(parser), text: textSince(parser, from) };
  return take(parser, '(') ? parseBracket(parser) : parseClause(parser);
}

function parseBracket(parser: Parser): KqlNode {
  const node = parseOr(parser);
  if (!take(parser, ')')) throw new KqlProblem(endOf(parser), 'a bracket is not closed');
  return node;
}

function parseClause(parser: Parser): KqlClause {
  const from = parser.position;
  const field = next(parser, 'a field');
  if (field.kind !== 'word' || isKeyword(field)) throw unexpected(field);
  if (/[,=']/.test(field.text))
    throw new KqlProblem(field.at, 'KQL knows no ",", "=" or single quotes: write field: value, joined by and/or');
  const operator = next(parser, `":" and a value after ${field.text}`);
  if (!isOperator(operator.text)) throw new KqlProblem(field.at, 'a word without a field: write field: value');
  const type = typeOf(parser, field);
  const value = parseValue(parser, field, type);
  const quoted = value.kind === 'string';
  return {
    kind: 'clause',
    field: field.text,
    operator: operator.text,
    value: quoted ? value.text.slice(1, -1) : value.text,
    quoted,
    text: textSince(parser, from),
  };
}

function isOperator(text: string): text is KqlClause['operator'] {
  return /^(:|[<>]=?)$/.test(text);
}

/** The query from a token on to the last one that was taken. */
function textSince({ query, tokens, position }: Parser, from: number): string {
  const last = tokens[position - 1];
  return query.slice(tokens[from]?.at, last === undefined ? 0 : last.at + last.text.length);
}

function typeOf(parser: Parser, field: Token): string {
  const type = parser.fields.get(field.text);
  if (type === undefined) throw new KqlProblem(field.at, `${field.text} is no searchable field of the mapping`);
  return type;
}

function parseValue(parser: Parser, field: Token, type: string): Token {
  const value = next(parser, `a value for ${field.text}`);
  if (value.text === '(') {
    throw new KqlProblem(value.at, `a list in brackets is refused by 8.19: write ${field.text}: a or ${field.text}: b`);
  }
  if (value.kind === 'operator' || (value.kind === 'word' && isKeyword(value))) throw unexpected(value);
  if (value.kind === 'word') checkWord(field, value, type);
  else checkString(value, type);
  const after = parser.tokens[parser.position];
  if (after?.text === ':' && value.kind === 'word') throw new KqlProblem(value.at, 'quote a value that holds a colon');
  return value;
}

function checkWord(field: Token, value: Token, type: string): void {
  const { text, at } = value;
  if (/[,']/.test(text))
    throw new KqlProblem(at, `write ${field.text}: a or ${field.text}: b; only double quotes quote`);
  if (text.includes('*') && text !== '*' && type !== 'keyword') {
    throw new KqlProblem(at, `${field.text} is of type ${type}: a star works on keywords only`);
  }
  if (/\\.*\*$/.test(text)) throw new KqlProblem(at, 'an escaped character before a last star makes the star literal');
  if (text.includes('?')) throw new KqlProblem(at, '"?" is no wildcard in KQL: use "*", or quote it');
  if (text !== '*' && !fits(text, type)) throw new KqlProblem(at, `${field.text} is of type ${type}`);
}

/** A quoted star is literal: right in `"secrets:*"`, which a role grants, and never meant in `"del*"`. */
function checkString({ text, at }: Token, type: string): void {
  if (/\w\*"$/.test(text)) throw new KqlProblem(at, 'a star in quotes is literal: leave the quotes out');
  if (!fits(text.slice(1, -1), type)) throw new KqlProblem(at, `the field is of type ${type}`);
}

/** Whether a value can be of a type. The server takes some that cannot, such as the boolean `yes`, for an error. */
export function fits(value: string, type: string): boolean {
  if (type === 'boolean') return value === 'true' || value === 'false';
  if (type === 'integer' || type === 'long') return /^-?\d+$/.test(value);
  if (type === 'ip') return isIP(value.replace(/\/\d{1,3}$/, '')) !== 0;
  return true;
}

function takeWord(parser: Parser, word: string): boolean {
  const token = parser.tokens[parser.position];
  if (token?.kind !== 'word' || token.text.toLowerCase() !== word) return false;
  parser.position += 1;
  return true;
}

function take(parser: Parser, text: string): boolean {
  if (parser.tokens[parser.position]?.text !== text) return false;
  parser.position += 1;
  return true;
}

function next(parser: Parser, wanted: string): Token {
  const token = parser.tokens[parser.position];
  if (token === undefined) throw new KqlProblem(endOf(parser), `the query ends where ${wanted} is wanted`);
  parser.position += 1;
  return token;
}

function endOf(parser: Parser): number {
  return parser.tokens.at(-1)?.at ?? 0;
}

function isKeyword({ text }: Token): boolean {
  return /^(and|or|not)$/i.test(text);
}

function unexpected({ text, at }: Token): KqlProblem {
  return new KqlProblem(at, `"${text}" is not expected here: join clauses by and/or`);
}
