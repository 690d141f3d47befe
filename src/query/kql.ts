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
    const parser = { tokens: tokenize(query), position: 0, fields };
    parseOr(parser);
    const rest = parser.tokens[parser.position];
    if (rest !== undefined) throw unexpected(rest);
    return undefined;
  } catch (error) {
    if (error instanceof KqlProblem) return `${error.message} (at "${query.slice(error.at, error.at + 24)}")`;
    throw error;
  }
}

interface Parser {
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

function parseOr(parser: Parser): void {
  parseAnd(parser);
  while (takeWord(parser, 'or')) parseAnd(parser);
}

function parseAnd(parser: Parser): void {
  parseNot(parser);
  while (takeWord(parser, 'and')) parseNot(parser);
}

function parseNot(parser: Parser): void {
  while (takeWord(parser, 'not')) {
    // `not not x` is KQL, and says x.
  }
  if (take(parser, '(')) parseBracket(parser);
  else parseClause(parser);
}

function parseBracket(parser: Parser): void {
  parseOr(parser);
  if (!take(parser, ')')) throw new KqlProblem(endOf(parser), 'a bracket is not closed');
}

function parseClause(parser: Parser): void {
  const field = next(parser, 'a field');
  if (field.kind !== 'word' || isKeyword(field)) throw unexpected(field);
  if (/[,=']/.test(field.text))
    throw new KqlProblem(field.at, 'KQL knows no ",", "=" or single quotes: write field: value, joined by and/or');
  const operator = next(parser, `":" and a value after ${field.text}`);
  if (operator.kind !== 'operator' || !/^(:|[<>]=?)$/.test(operator.text)) {
    throw new KqlProblem(field.at, 'a word without a field: write field: value');
  }
  const type = typeOf(parser, field);
  parseValue(parser, field, type);
}

function typeOf(parser: Parser, field: Token): string {
  const type = parser.fields.get(field.text);
  if (type === undefined) throw new KqlProblem(field.at, `${field.text} is no searchable field of the mapping`);
  return type;
}

function parseValue(parser: Parser, field: Token, type: string): void {
  const value = next(parser, `a value for ${field.text}`);
  if (value.text === '(') {
    throw new KqlProblem(value.at, `a list in brackets is refused by 8.19: write ${field.text}: a or ${field.text}: b`);
  }
  if (value.kind === 'operator' || (value.kind === 'word' && isKeyword(value))) throw unexpected(value);
  if (value.kind === 'word') checkWord(field, value, type);
  else checkString(value, type);
  const after = parser.tokens[parser.position];
  if (after?.text === ':' && value.kind === 'word') throw new KqlProblem(value.at, 'quote a value that holds a colon');
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
function fits(value: string, type: string): boolean {
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
