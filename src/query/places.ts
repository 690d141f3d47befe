import { eventsAlias, readEventsIndex } from '../audit/indices.ts';
import { KauditError } from '../shared/errors.ts';
import { eachBucket } from './buckets.ts';
import { metricOf, searcher } from './search.ts';
import type { Ask, Place } from './types.ts';

/**
 * The namespaces of the index that have events, their clusters and their times: for who looked where there is nothing.
 * Undefined where the server does not tell: it only helps, and who may not look into other namespaces still has the answer
 * about theirs.
 */
export async function readPlaces(ask: Ask): Promise<readonly Place[] | undefined> {
  try {
    // An index of any namespace may go away while all are searched: the next search does without it.
    return await placesIn(ask).catch((error: unknown) => (isRefused(error) ? placesIn(ask) : Promise.reject(error)));
  } catch (error) {
    if (isRefused(error) || (error instanceof KauditError && error.code === 'unauthorized')) return undefined;
    throw error;
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof KauditError && error.code === 'server-refused';
}

async function placesIn(ask: Ask): Promise<readonly Place[]> {
  const places = new Map<string, Place>();
  const query = { match_all: {} };
  const sources = [
    { index: { terms: { field: '_index' } } },
    { cluster: { terms: { field: 'kaudit.cluster', missing_bucket: true } } },
  ];
  const aggs = { first: { min: { field: '@timestamp' } }, last: { max: { field: '@timestamp' } } };
  await eachBucket(searcher(ask, eventsAlias('*')), { query, sources, aggs }, (bucket, key) => {
    const namespace = readEventsIndex(String(key['index']))?.namespace;
    if (namespace === undefined) return;
    const cluster = String(key['cluster'] ?? '');
    const [first, last] = [metricOf(bucket, 'first'), metricOf(bucket, 'last')];
    const id = JSON.stringify([namespace, cluster]);
    const found = {
      namespace,
      cluster,
      events: Number(bucket['doc_count']),
      ...(typeof first === 'string' && { first }),
      ...(typeof last === 'string' && { last }),
    };
    places.set(id, joined(places.get(id), found));
  });
  return [...places.values()].sort((a, b) => (a.namespace < b.namespace ? -1 : a.namespace > b.namespace ? 1 : 0));
}

/** A namespace lies in one index a period. */
function joined(before: Place | undefined, found: Place): Place {
  if (before === undefined) return found;
  const [first] = [before.first, found.first].filter((time) => time !== undefined).sort();
  const last = [before.last, found.last]
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
  return { ...found, events: before.events + found.events, ...(first && { first }), ...(last && { last }) };
}
