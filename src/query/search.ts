import { KauditError } from '../shared/errors.ts';
import { isObject, type JsonObject } from '../shared/json.ts';
import type { Ask } from './types.ts';

/** A complete answer. */
export interface Answer {
  /** Matching documents. */
  readonly total: number;
  readonly aggregations: JsonObject;
}

export type Search = (body: JsonObject) => Promise<Answer>;

/** No documents, and an exact count of them. */
export const COUNTED = { size: 0, track_total_hits: true } as const;

/**
 * Searches an index or alias; what is missing has no documents. An answer that is not whole (a shard failed, the time
 * was up) is an error: nothing found must mean that there is nothing.
 */
export function searcher(ask: Ask, target: string): Search {
  const path = searchPath(target);
  return async (body) => {
    const response = wholeAnswer(await ask('POST', path, { ...COUNTED, ...body }));
    const hits = response['hits'];
    const total = isObject(hits) && isObject(hits['total']) ? Number(hits['total']['value']) : 0;
    const aggregations = response['aggregations'];
    return { total, aggregations: isObject(aggregations) ? aggregations : {} };
  };
}

/** The answer to a search, which says that it is whole. */
export function wholeAnswer(response: unknown): JsonObject {
  if (!isObject(response)) throw incomplete('it is no JSON object');
  const shards = response['_shards'];
  if (response['timed_out'] === true) throw incomplete('the server ran out of time');
  if (isObject(shards) && Number(shards['failed']) > 0) throw incomplete(`${shards['failed']} shards failed`);
  return response;
}

export function incomplete(why: string): KauditError {
  return new KauditError('server-refused', `The answer is not complete: ${why}.`, {
    hint: 'Look at the health of the cluster, or narrow the window.',
  });
}

export function searchPath(target: string): string {
  return `/${target}/_search?ignore_unavailable=true&allow_no_indices=true&allow_partial_search_results=false`;
}

/** Buckets of an aggregation; none where it is missing, as it is when no index matches. */
export function bucketsOf(aggregations: JsonObject, name: string): readonly JsonObject[] {
  const aggregation = aggregations[name];
  const buckets = isObject(aggregation) ? aggregation['buckets'] : undefined;
  return Array.isArray(buckets) ? buckets.filter(isObject) : [];
}

/** The value of an aggregation that has one, in words where it has them (dates); null where it has none. */
export function metricOf(aggregations: JsonObject, name: string): string | number | null {
  const aggregation = aggregations[name];
  if (!isObject(aggregation)) return null;
  // Percentiles are a list, of which one is asked for.
  const [listed]: readonly unknown[] = Array.isArray(aggregation['values']) ? aggregation['values'] : [];
  const { value, value_as_string: words } = isObject(listed) ? listed : aggregation;
  if (typeof words === 'string') return words;
  return typeof value === 'number' ? value : null;
}
