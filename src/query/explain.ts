import { LEVELS } from '../audit/event.ts';
import { isObject, type JsonObject } from '../shared/json.ts';
import type { Definition } from './definition.ts';
import type { FieldTypes } from './fields.ts';
import { type KqlNode, parseKql } from './kql.ts';
import { ENDED, kql, noiseOf, noiseQuery, reportedQuery, type Scope, scopeFilters } from './scope.ts';
import { bucketsOf, searchPath } from './search.ts';
import type { Ask, Scalar } from './types.ts';

/** One condition, with those that it is made of. Whether it holds is the server's word. */
export interface Condition {
  readonly says: string;
  readonly holds: boolean;
  /** Of a clause that compares a field: what the event has there. */
  readonly actual?: readonly Scalar[];
  readonly parts: readonly Condition[];
}

export interface Explanation {
  /** Whether the investigation reports the event. */
  readonly reported: boolean;
  /** Must all hold. */
  readonly conditions: readonly Condition[];
  /** Noise sets that the investigation uses; one that holds hides the event. */
  readonly noise: readonly Condition[];
  /** Whether the event is logged well enough for the answer to show; empty where Metadata is enough. */
  readonly visible: readonly Condition[];
}

export interface ExplainedEvent {
  /** What tells the event apart, as it is stored. */
  readonly event: JsonObject;
  readonly explanation: Explanation;
}

/** A condition before it is asked. */
interface Question {
  readonly says: string;
  readonly query: JsonObject;
  readonly field?: string;
  readonly parts: readonly Question[];
}

/** Why the event with an id is reported or not: every clause is a filter of one search, and nothing is evaluated here. */
export async function explainEvent(
  ask: Ask,
  target: string,
  id: string,
  definition: Definition,
  scope: Scope,
  fields: FieldTypes,
): Promise<Explanation> {
  const groups = {
    conditions: conditionsOf(definition, scope, fields),
    noise: noiseOf(definition, scope).map((set) => noiseQuestion(set.id, set.about, noiseQuery(set))),
    visible: visibilityOf(definition, fields),
  };
  const verdict: Question = { says: 'reported', query: reportedQuery(definition, scope), parts: [] };
  const questions = [verdict, ...Object.values(groups).flat()].flatMap(flatten);
  const held = await askAll(ask, target, id, questions);
  const answer = (question: Question): Condition => {
    const actual = question.field === undefined ? undefined : held.values[question.field];
    return {
      says: question.says,
      holds: held.holds.has(question),
      ...(question.field !== undefined && { actual: actual ?? [] }),
      parts: question.parts.map(answer),
    };
  };
  return {
    reported: held.holds.has(verdict) && groups.conditions.every((question) => held.holds.has(question)),
    conditions: groups.conditions.map(answer),
    noise: groups.noise.map(answer),
    visible: groups.visible.map(answer),
  };
}

function conditionsOf(definition: Definition, scope: Scope, fields: FieldTypes): readonly Question[] {
  const { stages, match } = definition;
  const ended = 'it is the event that tells how its request ended';
  return [
    ...scopeFilters(scope).map((query) => ({ says: scopeText(query, scope), query, parts: [] })),
    stages === undefined
      ? { says: ended, query: ENDED, field: 'stage', parts: [] }
      : { says: `stage: ${stages.join(' or ')}`, query: { terms: { stage: stages } }, field: 'stage', parts: [] },
    { says: 'match', query: kql(match), parts: topParts(parseKql(match, fields)) },
    ...parameterQuestions(definition, scope),
  ];
}

function scopeText(query: JsonObject, { window: { from, to }, cluster }: Scope): string {
  if ('term' in query) return `--cluster ${cluster}`;
  return `in the window ${from ?? 'of all that is before'} to ${to ?? 'now'}`;
}

/** The parts of a match are asked one by one; its `and` is what `match` itself says. */
function topParts(node: KqlNode): readonly Question[] {
  return node.kind === 'and' ? node.parts.map(questionOf) : [questionOf(node)];
}

function questionOf(node: KqlNode): Question {
  const query = kql(node.text);
  switch (node.kind) {
    case 'clause':
      return { says: node.text, query, field: node.field, parts: [] };
    case 'not':
      return node.part.kind === 'clause'
        ? { says: node.text, query, field: node.part.field, parts: [] }
        : { says: 'not', query, parts: [questionOf(node.part)] };
    case 'and':
      return { says: 'all of', query, parts: node.parts.map(questionOf) };
    case 'or':
      return { says: 'one of', query, parts: node.parts.map(questionOf) };
  }
}

/** Without what it is about, an investigation looks at nothing. */
const NOT_ASKED = { query: { match_none: {} }, parts: [] };

function parameterQuestions({ parameters }: Definition, scope: Scope): readonly Question[] {
  return Object.entries(parameters).flatMap(
    ([name, { field, exclude, required, default: fallback }]): readonly Question[] => {
      const values = scope.parameters[name] ?? fallback;
      if (values.length === 0) return required ? [{ ...NOT_ASKED, says: `parameter ${name} is given` }] : [];
      const found = { terms: { [field]: values } };
      const query = exclude ? { bool: { must_not: [found] } } : found;
      const says = `parameter ${name}: ${field} is ${exclude ? 'none' : 'one'} of ${values.join(', ')}`;
      return [{ says, query, field, parts: [] }];
    },
  );
}

function noiseQuestion(id: string, about: string, query: JsonObject): Question {
  return { says: `${id}: ${about}`, query, parts: [] };
}

/** What `requires` asks of the requests that it is about. */
function visibilityOf({ requires: { level, of, open } }: Definition, fields: FieldTypes): readonly Question[] {
  if (level === 'Metadata' || of === undefined) return [];
  return [
    {
      says: 'it is one of the requests that can show the answer',
      query: kql(of),
      parts: topParts(parseKql(of, fields)),
    },
    {
      says: `logged at ${level} or more`,
      query: { terms: { level: LEVELS.slice(LEVELS.indexOf(level)) } },
      field: 'level',
      parts: [],
    },
    {
      says: 'its body is there and leaves nothing open',
      query: { bool: { must_not: [{ exists: { field: 'kaudit.body' } }] } },
      field: 'kaudit.body',
      parts: [],
    },
    ...(open === undefined
      ? []
      : [
          {
            says: `it is none of those that never tell: ${open}`,
            query: { bool: { must_not: [kql(open)] } },
            parts: [],
          },
        ]),
  ];
}

function flatten(question: Question): readonly Question[] {
  return [question, ...question.parts.flatMap(flatten)];
}

interface Held {
  readonly holds: ReadonlySet<Question>;
  /** What the event has in the fields that are asked about. */
  readonly values: Readonly<Record<string, readonly Scalar[]>>;
}

async function askAll(ask: Ask, target: string, id: string, questions: readonly Question[]): Promise<Held> {
  const filters = Object.fromEntries(questions.map(({ query }, at) => [String(at), query]));
  const asked = new Set(questions.flatMap(({ field }) => (field === undefined ? [] : [field])));
  const answer = await ask('POST', searchPath(target), {
    size: 1,
    query: { ids: { values: [id] } },
    _source: false,
    fields: [...asked],
    aggs: { clauses: { filters: { filters, keyed: false } } },
  });
  const aggregations = isObject(answer) && isObject(answer['aggregations']) ? answer['aggregations'] : {};
  const held = bucketsOf(aggregations, 'clauses').filter((bucket) => Number(bucket['doc_count']) > 0);
  const at = new Set(held.map((bucket) => Number(bucket['key'])));
  return { holds: new Set(questions.filter((_, index) => at.has(index))), values: valuesOf(answer) };
}

function valuesOf(answer: unknown): Held['values'] {
  const hits = isObject(answer) && isObject(answer['hits']) ? answer['hits']['hits'] : [];
  const [hit]: readonly unknown[] = Array.isArray(hits) ? hits : [];
  return isObject(hit) && isObject(hit['fields']) ? (hit['fields'] as Held['values']) : {};
}
