import { eventsAlias } from '../audit/indices.ts';
import type { Cluster } from '../elastic/index.ts';
import { isObject } from '../shared/json.ts';

export interface LoadTarget {
  readonly namespace: string;
  /** As given with --cluster. */
  readonly cluster?: string;
}

/** Names that are said; of one more it is only known that it is there. */
const MOST_NAMES = 5;

/**
 * What to say before a load under a cluster's name that a namespace has no events of, while it has events of others: the
 * name is part of an event's identity, so one that is forgotten or mistyped stores everything again. Undefined where
 * there is nothing to say, or where this user may not ask.
 */
export async function newNameNote(server: Cluster, target: LoadTarget): Promise<string | undefined> {
  const { namespace, cluster } = target;
  const names = await namesIn(server, target).catch(() => undefined);
  if (names === undefined || names.own > 0 || names.others.length === 0) return undefined;
  const others = names.others.slice(0, MOST_NAMES).join(', ') + (names.others.length > MOST_NAMES ? ', …' : '');
  const own = cluster === undefined ? 'that were loaded without --cluster' : `of ${cluster}`;
  return (
    `Note: namespace ${namespace} holds events of ${others}, and none ${own}. ` +
    'An event that is loaded under another name is stored again: give one --cluster to all copies of a log.'
  );
}

interface Names {
  /** Events under the name that is being loaded. */
  readonly own: number;
  readonly others: readonly string[];
}

async function namesIn(server: Cluster, { namespace, cluster }: LoadTarget): Promise<Names | undefined> {
  const unnamed = { missing: { field: 'kaudit.cluster' } };
  const body = {
    // Without --cluster the wrapping's name is taken, which no load has been given.
    ...(cluster === undefined && { query: { bool: { must_not: { exists: { field: 'kaudit.origin.cluster' } } } } }),
    aggs: {
      own: cluster === undefined ? unnamed : { filter: { term: { 'kaudit.cluster': cluster } } },
      names: { terms: { field: 'kaudit.cluster', size: MOST_NAMES + 1 } },
      unnamed,
    },
  };
  const path = `/${eventsAlias(namespace)}/_search?size=0&filter_path=aggregations`;
  const { status, body: answer } = await server.send({ method: 'POST', path, body: JSON.stringify(body) });
  const aggregations = isObject(answer) ? answer['aggregations'] : undefined;
  if (status !== 200 || !isObject(aggregations)) return undefined;
  const { names } = aggregations;
  const buckets = isObject(names) && Array.isArray(names['buckets']) ? names['buckets'] : [];
  const others = buckets.flatMap((bucket: unknown) => (isObject(bucket) ? [String(bucket['key'])] : []));
  const isAnyUnnamed = cluster !== undefined && countOf(aggregations['unnamed']) > 0;
  return { own: countOf(aggregations['own']), others: isAnyUnnamed ? [...others, 'no named cluster'] : others };
}

function countOf(aggregation: unknown): number {
  return isObject(aggregation) ? Number(aggregation['doc_count']) : 0;
}
