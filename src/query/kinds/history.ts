import { type Scope, scopeFilters } from '../scope.ts';
import { metricOf, type Search } from '../search.ts';

/** When the events of a window begin; undefined where there are none. */
export async function firstEvent(
  search: Search,
  scope: Pick<Scope, 'window' | 'cluster'>,
): Promise<number | undefined> {
  const query = { bool: { filter: scopeFilters(scope) } };
  const { aggregations } = await search({
    query,
    track_total_hits: false,
    aggs: { first: { min: { field: '@timestamp' } } },
  });
  const first = metricOf(aggregations, 'first');
  return typeof first === 'string' ? Date.parse(first) : undefined;
}
