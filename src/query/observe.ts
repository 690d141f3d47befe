import { LEVELS, type Level } from '../audit/event.ts';
import type { Definition } from './definition.ts';
import { kql, type Scope, scopeFilters } from './scope.ts';
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
  const { level, of } = definition.requires;
  if (level === 'Metadata' || of === undefined) return { kind: 'observable' };
  return await observeLevel(search, scope, level, of);
}

function missingStage({ stages, requires }: Definition, coverage: Coverage): string | undefined {
  if (stages !== undefined && !stages.some((stage) => coverage.stages[stage])) {
    return `no event is logged at stage ${stages.join(' or ')}`;
  }
  if (stages === undefined && coverage.requests === 0) return 'no event tells how its request ended';
  const missing = requires.stages?.find((stage) => !coverage.stages[stage]);
  return missing === undefined ? undefined : `no event is logged at stage ${missing}`;
}

async function observeLevel(search: Search, scope: Scope, level: Level, of: string): Promise<Observability> {
  const filter = [...scopeFilters(scope), { term: { 'kaudit.terminal': true } }, kql(of)];
  const answer = await search({ query: { bool: { filter } }, aggs: { levels: { terms: { field: 'level' } } } });
  const enough = LEVELS.slice(LEVELS.indexOf(level)) as readonly string[];
  const seen = bucketsOf(answer.aggregations, 'levels')
    .filter((bucket) => enough.includes(String(bucket['key'])))
    .reduce((sum, bucket) => sum + Number(bucket['doc_count']), 0);
  const blind = answer.total - seen;
  if (blind === 0) return { kind: 'observable' };
  const advice = `log them at ${level} to see it`;
  if (seen === 0) {
    return {
      kind: 'not-observable',
      reason: `all ${blind} requests that could show it are logged below ${level}: ${advice}`,
    };
  }
  return {
    kind: 'partly',
    reason: `${blind} of ${answer.total} requests that could show it are logged below ${level}: ${advice}`,
  };
}
