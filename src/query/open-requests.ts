/**
 * Requests that match and have not ended, such as a watch that is still open: an event of an earlier stage is all there
 * is of them. Only long-running requests have such events, so few are looked at, one by one.
 */
import { isObject, type JsonObject } from '../shared/json.ts';
import type { Definition } from './definition.ts';
import { afterKey, type Collected, fold, groupsAggregation, keysOf, MOST_BUCKETS, pageSize } from './groups.ts';
import { type Sources, sourceOf } from './keys.ts';
import { ENDED } from './scope.ts';
import { bucketsOf, type Search } from './search.ts';

/** The identity of a request among its events: clients choose auditIDs, so the time of arrival is part of it. */
const REQUEST: Sources = { id: sourceOf('auditID'), at: sourceOf('requestReceivedTimestamp') };

/** Adds the requests that match and have no event that matches and ends them; whether there were too many to look at. */
export async function collectOpen(
  search: Search,
  definition: Definition,
  query: JsonObject,
  all: Collected,
): Promise<boolean> {
  const { by, show } = definition.group;
  const keys = { ...REQUEST, ...keysOf(by) };
  const started = { bool: { filter: [query], must_not: [ENDED] } };
  let read = 0;
  for (let after: unknown; ; ) {
    const answer = await search({
      query: started,
      track_total_hits: false,
      aggs: { groups: groupsAggregation(definition, keys, after) },
    });
    const buckets = bucketsOf(answer.aggregations, 'groups');
    const ended = await endedAmong(search, query, buckets);
    for (const bucket of buckets) {
      // One that ended is counted by its end; when it began shows here.
      const requests = ended.has(identityOf(bucket)) ? 0 : 1;
      fold(all, bucket, definition, requests);
      all.requests += requests;
    }
    read += buckets.length;
    if (buckets.length < pageSize(show)) return false;
    if (read >= MOST_BUCKETS) return true;
    after = afterKey(answer.aggregations);
  }
}

/** Which of these requests have ended, by their identity. */
async function endedAmong(
  search: Search,
  query: JsonObject,
  buckets: readonly JsonObject[],
): Promise<ReadonlySet<string>> {
  const ended = new Set<string>();
  if (buckets.length === 0) return ended;
  const filter = [query, ENDED, sameIds(buckets), ...sameTimes(buckets)];
  const sources = Object.entries(REQUEST).map(([name, source]) => ({ [name]: source }));
  for (let after: unknown; ; ) {
    const composite = { size: PAGE, sources, ...(after !== undefined && { after }) };
    const answer = await search({
      query: { bool: { filter } },
      track_total_hits: false,
      aggs: { groups: { composite } },
    });
    const found = bucketsOf(answer.aggregations, 'groups');
    for (const bucket of found) ended.add(identityOf(bucket));
    if (found.length < PAGE) return ended;
    after = afterKey(answer.aggregations);
  }
}

const PAGE = 1000;

function sameIds(buckets: readonly JsonObject[]): JsonObject {
  const ids = [...new Set(buckets.map((bucket) => keyOf(bucket)['id']))];
  const known = { terms: { auditID: ids.filter((id) => typeof id === 'string') } };
  // An id that is too long for the index is a client's choice, too.
  const unknown = { bool: { must_not: [{ exists: { field: 'auditID' } }] } };
  return { bool: { should: [known, ...(ids.includes(null) ? [unknown] : [])], minimum_should_match: 1 } };
}

/** Keeps the search small where one id was chosen for very many requests. */
function sameTimes(buckets: readonly JsonObject[]): readonly JsonObject[] {
  const times = buckets.map((bucket) => keyOf(bucket)['at']).filter((time) => typeof time === 'number');
  if (times.length < buckets.length) return [];
  const [gte, last] = times.reduce(([low, high], time) => [Math.min(low, time), Math.max(high, time)], [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as [number, number]);
  return [{ range: { requestReceivedTimestamp: { gte, lt: last + 1, format: 'epoch_millis' } } }];
}

function identityOf(bucket: JsonObject): string {
  const { id, at } = keyOf(bucket);
  return JSON.stringify([id, at]);
}

function keyOf(bucket: JsonObject): JsonObject {
  return isObject(bucket['key']) ? bucket['key'] : {};
}
