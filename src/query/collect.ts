import type { JsonObject } from '../shared/json.ts';
import type { Definition } from './definition.ts';
import { type Collected, eachGroup, endedGroups, finish, fold, type Groups, isKept, MOST_BUCKETS } from './groups.ts';
import { collectOpen } from './open-requests.ts';
import type { Reader } from './scan.ts';

/**
 * All groups of the events that match, in no order. Each request counts once: by the one event that tells how it ended
 * or, where a definition names stages, by another one of a request that has not ended.
 */
export async function collectGroups(
  reader: Reader,
  definition: Definition,
  query: JsonObject,
  most = MOST_BUCKETS,
): Promise<Groups> {
  const all: Collected = { folded: new Map(), requests: 0 };
  let cut: Groups['cut'];
  const ended = await eachGroup(
    reader.search,
    definition,
    endedGroups(definition, query),
    (bucket) => fold(all, bucket, definition, Number(bucket['doc_count'])),
    most,
  );
  all.requests = ended.total;
  if (ended.cut) cut = 'groups';
  else if (definition.stages !== undefined && (await collectOpen(reader, definition, query, all)))
    cut = 'open requests';
  const groups = [...all.folded.values()].filter(({ requests }) => requests > 0).map(finish);
  const { having } = definition.group;
  // What is left out by a bound is not reported. A request is counted in each group that it is in.
  const kept = having === undefined ? groups : groups.filter((group) => isKept(group, having));
  const requests = having === undefined ? all.requests : kept.reduce((sum, group) => sum + group.requests, 0);
  return { groups: kept, requests, ...(cut && { cut }) };
}
