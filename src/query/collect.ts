import type { JsonObject } from '../shared/json.ts';
import type { Definition } from './definition.ts';
import {
  afterKey,
  type Collected,
  finish,
  fold,
  type Groups,
  groupsRequest,
  isKept,
  MOST_BUCKETS,
  pageSize,
} from './groups.ts';
import { collectOpen } from './open-requests.ts';
import { bucketsOf, type Search } from './search.ts';

/**
 * All groups of the events that match, in no order. Each request counts once: by the one event that tells how it ended
 * or, where a definition names stages, by another one of a request that has not ended.
 */
export async function collectGroups(search: Search, definition: Definition, query: JsonObject): Promise<Groups> {
  const all: Collected = { folded: new Map(), requests: 0 };
  let cut: Groups['cut'];
  if (await collectEnded(search, definition, query, all)) cut = 'groups';
  else if (definition.stages !== undefined && (await collectOpen(search, definition, query, all)))
    cut = 'open requests';
  const groups = [...all.folded.values()].filter(({ requests }) => requests > 0).map(finish);
  const { having } = definition.group;
  // What is left out by a bound is not reported. A request is counted in each group that it is in.
  const kept = having === undefined ? groups : groups.filter((group) => isKept(group, having));
  const requests = having === undefined ? all.requests : kept.reduce((sum, group) => sum + group.requests, 0);
  return { groups: kept, requests, ...(cut && { cut }) };
}

/** Whether there were too many groups. */
async function collectEnded(
  search: Search,
  definition: Definition,
  query: JsonObject,
  all: Collected,
): Promise<boolean> {
  let read = 0;
  for (let after: unknown; ; ) {
    const answer = await search(groupsRequest(definition, query, after));
    all.requests = answer.total;
    const buckets = bucketsOf(answer.aggregations, 'groups');
    for (const bucket of buckets) fold(all, bucket, definition, Number(bucket['doc_count']));
    read += buckets.length;
    if (buckets.length < pageSize(definition.group.show)) return false;
    if (read >= MOST_BUCKETS) return true;
    after = afterKey(answer.aggregations);
  }
}
