import { LEVELS, type Level } from '../audit/event.ts';
import type { Definition } from './definition.ts';
import { fieldsOfKind, kqlOfKind } from './kinds/check.ts';
import { ENDED, kql, type Scope, scopeFilters } from './scope.ts';
import { bucketsOf, type Search } from './search.ts';
import type { Coverage } from './types.ts';

/** Whether the data can show an answer. `partly`: some of the requests that matter are logged too sparsely. */
export type Observability =
  | { readonly kind: 'observable' }
  | { readonly kind: 'partly'; readonly reason: string }
  | { readonly kind: 'not-observable'; readonly reason: string };

/** Nothing found means something only when it could have been seen. */
export async function observe(
  search: Search,
  definition: Definition,
  scope: Scope,
  coverage: Coverage,
): Promise<Observability> {
  if (coverage.events === 0) return { kind: 'not-observable', reason: 'there are no events in this window' };
  const stage = missingStage(definition, coverage);
  if (stage !== undefined) return { kind: 'not-observable', reason: stage };
  const { level, of, open } = definition.requires;
  if (level === 'Metadata' || of === undefined) return { kind: 'observable' };
  return await observeLevel(search, scope, { level, of, open, facts: factsAsked(definition) });
}

function missingStage({ stages, requires }: Definition, coverage: Coverage): string | undefined {
  if (stages !== undefined && !stages.some((stage) => coverage.stages[stage])) {
    return `no event is logged at stage ${stages.join(' or ')}`;
  }
  if (stages === undefined && coverage.requests === 0) return 'no event tells how its request ended';
  const missing = requires.stages?.find((stage) => !coverage.stages[stage]);
  return missing === undefined ? undefined : `no event is logged at stage ${missing}`;
}

/** The facts that decide whether a request is found, named as `kaudit.cut` names them. */
function factsAsked(definition: Definition): readonly string[] {
  const asked = [definition.match, ...kqlOfKind(definition).map(({ query }) => query), ...fieldsOfKind(definition)];
  return [
    ...new Set(asked.flatMap((text) => [...text.matchAll(/\bkaudit\.([a-z_.]+)/g)].map(([, name = '']) => name))),
  ];
}

interface Wanted {
  readonly level: Level;
  readonly of: string;
  /** What leaves it open in spite of its body. */
  readonly open: string | undefined;
  readonly facts: readonly string[];
}

async function observeLevel(search: Search, scope: Scope, { level, of, open, facts }: Wanted): Promise<Observability> {
  const filter = [...scopeFilters(scope), ENDED, kql(of)];
  const enough = { terms: { level: LEVELS.slice(LEVELS.indexOf(level)) } };
  const bodiless = { exists: { field: 'kaudit.body' } };
  const never = open === undefined ? { match_none: {} } : kql(open);
  const told = { bool: { filter: [enough], must_not: [bodiless, never] } };
  const untold = { bool: { filter: [enough, never], must_not: [bodiless] } };
  const kept = { bool: { filter: [told], must_not: [{ terms: { 'kaudit.cut': facts } }] } };
  const answer = await search({
    query: { bool: { filter } },
    aggs: { seen: { filters: { filters: { enough, told, untold, kept }, keyed: false } } },
  });
  const counts = new Map(
    bucketsOf(answer.aggregations, 'seen').map((bucket) => [bucket['key'], Number(bucket['doc_count'])]),
  );
  const logged = counts.get('enough') ?? 0;
  const whole = counts.get('told') ?? 0;
  const replaced = counts.get('untold') ?? 0;
  const seen = counts.get('kept') ?? 0;
  if (seen === answer.total) return { kind: 'observable' };
  const reasons = [
    ...blind(answer.total - logged, answer.total, `logged below ${level}: log them at ${level} to see it`),
    ...blind(
      logged - whole - replaced,
      answer.total,
      'without a body, or with one that leaves it open: RequestResponse shows it',
    ),
    ...blind(replaced, answer.total, 'made with the whole object, and what it leaves out goes unsaid at any level'),
    ...blind(whole - seen, answer.total, 'of more values than are kept: oversized-object names them'),
  ];
  return { kind: seen === 0 ? 'not-observable' : 'partly', reason: reasons.join('; ') };
}

function blind(count: number, total: number, why: string): readonly string[] {
  if (count === 0) return [];
  if (total === 1) return [`the only request that could show it is ${why}`];
  return [`${count === total ? `all ${total}` : `${count} of ${total}`} requests that could show it are ${why}`];
}
