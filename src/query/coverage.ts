import { isObject, LEVELS, STAGES } from '../audit/event.ts';
import { FACTS_VERSION } from '../audit/facts/types.ts';
import { type Scope, scopeFilters } from './scope.ts';
import { bucketsOf, metricOf, type Search } from './search.ts';
import type { Coverage } from './types.ts';

const MOST_CLUSTERS = 1000;

/** What the data in the window can show. */
export async function readCoverage(
  search: Search,
  searchVariants: Search,
  scope: Pick<Scope, 'window' | 'cluster'>,
): Promise<Coverage> {
  const query = { bool: { filter: scopeFilters(scope) } };
  const variants = await searchVariants({ query });
  const answer = await search({
    query,
    aggs: {
      older: { filter: { range: { 'kaudit.version': { lt: FACTS_VERSION } } } },
      levels: { terms: { field: 'level' } },
      stages: { terms: { field: 'stage' } },
      clusters: { terms: { field: 'kaudit.cluster', missing: '', size: MOST_CLUSTERS } },
      terminal: { terms: { field: 'kaudit.terminal' } },
      first: { min: { field: '@timestamp' } },
      last: { max: { field: '@timestamp' } },
    },
  });
  const { aggregations } = answer;
  const counts = (name: string): ReadonlyMap<string, number> =>
    new Map(
      bucketsOf(aggregations, name).map((bucket) => [
        String(bucket['key_as_string'] ?? bucket['key']),
        Number(bucket['doc_count']),
      ]),
    );
  const older = aggregations['older'];
  const levels = counts('levels');
  const stages = counts('stages');
  const first = metricOf(aggregations, 'first');
  const last = metricOf(aggregations, 'last');
  return {
    events: answer.total,
    requests: counts('terminal').get('true') ?? 0,
    levels: pick(LEVELS, levels),
    stages: pick(STAGES, stages),
    clusters: Object.fromEntries(counts('clusters')),
    olderFacts: isObject(older) ? Number(older['doc_count']) : 0,
    variants: variants.total,
    ...(typeof first === 'string' && { first }),
    ...(typeof last === 'string' && { last }),
  };
}

/** In the order of the specification, present ones only. */
function pick<T extends string>(words: readonly T[], counts: ReadonlyMap<string, number>): Partial<Record<T, number>> {
  const present = words.filter((word) => counts.has(word)).map((word) => [word, counts.get(word)] as const);
  return Object.fromEntries(present) as Partial<Record<T, number>>;
}
