import { isObject } from '../../shared/json.ts';
import type { FieldTypes } from '../fields.ts';
import { checkKql } from '../kql.ts';
import { quoted } from '../one-kql.ts';
import { type Condition, parseCondition } from './condition.ts';
import { isFlag, ourField } from './fields.ts';
import type { SigmaRule } from './rule.ts';

/** A query, and what of the rule it does not say. But for upper and lower case it matches all that the rule matches. */
export interface Translation {
  /** Undefined where nothing of the rule can be said. */
  readonly match: string | undefined;
  /** The parts that must all hold, each in brackets where it needs them. */
  readonly parts: readonly string[];
  readonly notes: readonly string[];
}

interface Translator {
  readonly rule: SigmaRule;
  readonly fields: FieldTypes;
  readonly notes: Set<string>;
}

/** Undefined: it cannot be said, and may be anything. */
type Said = Expression | undefined;
type Expression =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly kind: 'not'; readonly part: Expression }
  | { readonly kind: 'clause'; readonly text: string };

/** Throws ConditionProblem where the condition itself cannot be read. */
export function translateRule(rule: SigmaRule, fields: FieldTypes): Translation {
  const translator = { rule, fields, notes: new Set<string>() };
  const { condition, timeframe } = rule.detection;
  const names = Object.keys(rule.detection).filter((name) => name !== 'condition' && name !== 'timeframe');
  if (timeframe !== undefined) translator.notes.add('timeframe: a single event decides here');
  const conditions = (Array.isArray(condition) ? condition : [condition]).map((text) => parseCondition(text, names));
  const said = combine(
    'or',
    conditions.map((each) => translate(translator, each, false)),
    false,
  );
  const parts = said === undefined ? [] : said.kind === 'and' ? said.parts : [said];
  return {
    match: said === undefined ? undefined : textOf(said),
    parts: parts.map(bracketed),
    notes: [...translator.notes],
  };
}

function translate(translator: Translator, condition: Condition, negated: boolean): Said {
  switch (condition.kind) {
    case 'selection':
      return translateSelection(translator, condition.name, negated);
    case 'not': {
      const part = translate(translator, condition.part, !negated);
      return part === undefined ? undefined : { kind: 'not', part };
    }
    default:
      return combine(
        condition.kind,
        condition.parts.map((part) => translate(translator, part, negated)),
        negated,
      );
  }
}

/**
 * Leaving out a part of an `and` makes it match more, of an `or` less; below a `not` it is the other way round.
 * What would match less is not said at all.
 */
function combine(kind: 'and' | 'or', parts: readonly Said[], negated: boolean): Said {
  const said = parts.filter((part) => part !== undefined);
  const widens = (kind === 'and') !== negated;
  if (said.length === 0 || (said.length < parts.length && !widens)) return undefined;
  const flat = said.flatMap((part) => (part.kind === kind ? part.parts : [part]));
  const [only] = flat;
  return only !== undefined && flat.length === 1 ? only : { kind, parts: flat };
}

function translateSelection(translator: Translator, name: string, negated: boolean): Said {
  const selection = translator.rule.detection[name];
  const maps: readonly unknown[] = Array.isArray(selection) ? selection : [selection];
  const parts = maps.map((map) => {
    if (isObject(map)) return translateMap(translator, map, negated);
    translator.notes.add(`${name}: words to be found anywhere in an event`);
    return undefined;
  });
  return combine('or', parts, negated);
}

function translateMap(translator: Translator, map: Readonly<Record<string, unknown>>, negated: boolean): Said {
  const parts = Object.entries(map).map(([key, value]) => translateEntry(translator, key, value, negated));
  return combine('and', parts, negated);
}

function translateEntry(translator: Translator, key: string, value: unknown, negated: boolean): Said {
  const [name = '', ...modifiers] = key.split('|');
  const field = ourField(name, translator.fields);
  if (field === undefined) {
    translator.notes.add(`${name}: the audit log has no such field, or its body is kept and not indexed`);
    return undefined;
  }
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const joint = modifiers.includes('all') ? 'and' : 'or';
  const others = modifiers.filter((modifier) => modifier !== 'all' && modifier !== 'cased');
  const [modifier, second] = others;
  const parts = values.map((each) => {
    const clause =
      second === undefined ? clauseOf(field, modifier, each, negated) : `two modifiers, ${others.join('|')}`;
    const problem = typeof clause === 'string' ? clause : checkKql(clause.text, translator.fields);
    if (problem !== undefined) translator.notes.add(`${key}: ${JSON.stringify(each)} cannot be said: ${problem}`);
    if (problem !== undefined || typeof clause === 'string') return undefined;
    if (clause.widened) translator.notes.add(`${key}: ${JSON.stringify(each)} is wider here: ${clause.text}`);
    return expressionOf(clause);
  });
  return combine(joint, parts, negated);
}

interface Clause {
  readonly text: string;
  readonly negated?: boolean;
  /** It matches more than the rule says. */
  readonly widened?: boolean;
}

function expressionOf({ text, negated }: Clause): Expression {
  const clause = { kind: 'clause', text } as const;
  return negated === true ? { kind: 'not', part: clause } : clause;
}

/** A clause, or why there is none. */
function clauseOf(field: string, modifier: string | undefined, value: unknown, negated: boolean): Clause | string {
  switch (modifier) {
    case undefined:
      return plainClause(field, value, negated);
    case 'contains':
      return wildcardClause(field, ['*', ...piecesOf(value), '*'], negated);
    case 'startswith':
      return wildcardClause(field, [...piecesOf(value), '*'], negated);
    case 'endswith':
      return wildcardClause(field, ['*', ...piecesOf(value)], negated);
    case 'exists':
      return { text: `${field}: *`, negated: value !== true };
    case 'cidr':
      return { text: `${field}: ${quoted(String(value))}` };
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return { text: `${field} ${{ lt: '<', lte: '<=', gt: '>', gte: '>=' }[modifier]} ${quoted(String(value))}` };
    case 're':
      return 'KQL has no regular expressions';
    default:
      return `the modifier ${modifier} is not known here`;
  }
}

function plainClause(field: string, value: unknown, negated: boolean): Clause | string {
  if (value === null) return { text: `${field}: *`, negated: true };
  if (isFlag(field) && String(value) === 'false') return { text: `${field}: true`, negated: true };
  return wildcardClause(field, piecesOf(value), negated);
}

/** Text, and the wildcards `*` and `?` between. */
type Piece = '*' | '?' | { readonly literal: string };

/** A backslash escapes a wildcard or a backslash; before anything else it stands for itself. */
function piecesOf(value: unknown): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const [token] of String(value).matchAll(/\\[*?\\]|[*?]|\\|[^*?\\]+/g)) {
    if (token === '*' || token === '?') pieces.push(token);
    else pieces.push({ literal: token.length === 2 && token.startsWith('\\') ? token.slice(1) : token });
  }
  return pieces;
}

function wildcardClause(field: string, pieces: readonly Piece[], negated: boolean): Clause | string {
  const literals = pieces.map((piece) => (typeof piece === 'string' ? undefined : piece.literal));
  if (!literals.includes(undefined)) return { text: `${field}: ${quoted(literals.join(''))}` };
  // KQL takes a star for literal after an escaped character (8.19), and knows no "?": a star stands for both.
  const exact = pieces.map((piece) => (typeof piece === 'string' ? piece : piece.literal)).join('');
  const wide = pieces
    .map((piece) => (typeof piece === 'string' ? '*' : piece.literal.replace(/[^\w./@%+~#&;$-]/g, '*')))
    .join('')
    .replace(/\*{2,}/g, '*');
  const widened = wide !== exact.replace(/\*{2,}/g, '*');
  if (widened && negated) return 'only a wider pattern could be said, and below a "not" that would match less';
  return { text: `${field}: ${wide}`, widened };
}

/** A query of parts, bracketed where the reading would be another. */
function textOf(expression: Expression): string {
  switch (expression.kind) {
    case 'clause':
      return expression.text;
    case 'not':
      return `not ${bracketed(expression.part)}`;
    default:
      return expression.parts.map(bracketed).join(` ${expression.kind} `);
  }
}

function bracketed(expression: Expression): string {
  const text = textOf(expression);
  return expression.kind === 'and' || expression.kind === 'or' ? `(${text})` : text;
}
