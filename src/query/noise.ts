import type { JsonObject } from '../shared/json.ts';
import type { Definition, NoiseSet } from './definition.ts';
import { matchQuery, noiseOf, noiseQuery, type Scope } from './scope.ts';
import { bucketsOf, metricOf, type Search } from './search.ts';

/** Counts each request once, by the id that its client may choose: about so many. */
const REQUESTS = { cardinality: { field: 'auditID', precision_threshold: 40_000 } };

/** An investigation and what it looked at. */
export interface Looked {
  readonly definition: Definition;
  readonly scope: Scope;
}

/**
 * How many requests each noise set hides from these investigations. One that several of them would report counts once
 * for a set, and once for each set that it is in.
 */
export async function countHidden(
  search: Search,
  looked: readonly Looked[],
): Promise<Readonly<Record<string, number>>> {
  const matches = new Map<NoiseSet, JsonObject[]>();
  for (const { definition, scope } of looked) {
    const match = matchQuery(definition, scope);
    for (const set of noiseOf(definition, scope)) matches.set(set, [...(matches.get(set) ?? []), match]);
  }
  if (matches.size === 0) return {};
  const filters = Object.fromEntries([...matches].map(([set, should]) => [set.id, hiddenBy(set, should)]));
  const answer = await search({
    track_total_hits: false,
    aggs: { noise: { filters: { filters, keyed: false }, aggs: { requests: REQUESTS } } },
  });
  const counts = bucketsOf(answer.aggregations, 'noise').map(
    (bucket) => [String(bucket['key']), Number(metricOf(bucket, 'requests'))] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

function hiddenBy(set: NoiseSet, should: readonly JsonObject[]): JsonObject {
  return { bool: { filter: [noiseQuery(set)], should, minimum_should_match: 1 } };
}
