import { LEVELS, STAGES } from '../audit/event.ts';
import { FACTS_VERSION } from '../audit/facts/types.ts';
import { isObject, type JsonObject } from '../shared/json.ts';
import { type Scope, scopeFilters } from './scope.ts';
import { bucketsOf, metricOf, type Search } from './search.ts';
import type { Coverage, Window } from './types.ts';

const MOST_CLUSTERS = 1000;

const AGGREGATIONS: JsonObject = {
  older: { filter: { range: { 'kaudit.version': { lt: FACTS_VERSION } } } },
  levels: { terms: { field: 'level' } },
  stages: { terms: { field: 'stage' } },
  terminal: { terms: { field: 'kaudit.terminal' } },
  first: { min: { field: '@timestamp' } },
  last: { max: { field: '@timestamp' } },
};

/** What the data in the window can show. */
export async function readCoverage(
  search: Search,
  searchVariants: Search,
  scope: Pick<Scope, 'window' | 'cluster'>,
): Promise<Coverage> {
  const query = { bool: { filter: scopeFilters(scope) } };
  const variants = await searchVariants({ query });
  const clusters = { terms: { field: 'kaudit.cluster', missing: '', size: MOST_CLUSTERS } };
  const { total, aggregations } = await search({ query, aggs: { ...AGGREGATIONS, clusters } });
  const byName = Object.fromEntries(countsOf(aggregations, 'clusters'));
  return { ...coverageOf(total, aggregations), clusters: byName, variants: variants.total };
}

const PAGE = 1000;

/** What the data of each cluster in the window can show, by its name, `''` where there is none; variants are not looked at. */
export async function readCoverages(search: Search, window: Window): Promise<ReadonlyMap<string, Coverage>> {
  const query = { bool: { filter: scopeFilters({ window }) } };
  const all = new Map<string, Coverage>();
  for (let after: unknown; ; ) {
    const sources = [{ name: { terms: { field: 'kaudit.cluster', missing_bucket: true } } }];
    const composite = { size: PAGE, sources, ...(after !== undefined && { after }) };
    const answer = await search({
      query,
      track_total_hits: false,
      aggs: { clusters: { composite, aggs: AGGREGATIONS } },
    });
    const buckets = bucketsOf(answer.aggregations, 'clusters');
    for (const bucket of buckets) {
      const name = isObject(bucket['key']) ? String(bucket['key']['name'] ?? '') : '';
      const events = Number(bucket['doc_count']);
      all.set(name, { ...coverageOf(events, bucket), clusters: { [name]: events }, variants: 0 });
    }
    if (buckets.length < PAGE) return all;
    after = buckets.at(-1)?.['key'];
  }
}

/** What so many events can show, of their aggregations. */
function coverageOf(events: number, aggregations: JsonObject): Omit<Coverage, 'clusters' | 'variants'> {
  const { older } = aggregations;
  const first = metricOf(aggregations, 'first');
  const last = metricOf(aggregations, 'last');
  return {
    events,
    requests: countsOf(aggregations, 'terminal').get('true') ?? 0,
    levels: pick(LEVELS, countsOf(aggregations, 'levels')),
    stages: pick(STAGES, countsOf(aggregations, 'stages')),
    olderFacts: isObject(older) ? Number(older['doc_count']) : 0,
    ...(typeof first === 'string' && { first }),
    ...(typeof last === 'string' && { last }),
  };
}

function countsOf(aggregations: JsonObject, name: string): ReadonlyMap<string, number> {
  return new Map(
    bucketsOf(aggregations, name).map((bucket) => [
      String(bucket['key_as_string'] ?? bucket['key']),
      Number(bucket['doc_count']),
    ]),
  );
}

/** In the order of the specification, present ones only. */
function pick<T extends string>(words: readonly T[], counts: ReadonlyMap<string, number>): Partial<Record<T, number>> {
  const present = words.filter((word) => counts.has(word)).map((word) => [word, counts.get(word)] as const);
  return Object.fromEntries(present) as Partial<Record<T, number>>;
}
