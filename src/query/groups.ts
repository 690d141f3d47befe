import { isObject, type JsonObject } from '../audit/event.ts';
import type { Definition, Measure } from './definition.ts';
import { bucketsOf, metricOf, type Search } from './search.ts';
import type { Group, Scalar } from './types.ts';

/** A group while it is folded together from buckets. */
interface Folding {
  readonly by: Record<string, Scalar | null>;
  requests: number;
  readonly show: Record<string, Folded>;
}

type Folded = Scalar | null | Set<Scalar>;

const PAGE = 1000;
/** Beyond so many groups (with `stages`: requests) an answer ends and says so, instead of filling memory. */
export const MOST_BUCKETS = 200_000;
const VALUES_SHOWN = 5;

/** The identity of a request among events of several stages: clients choose auditIDs, so the time of arrival is part of it. */
const REQUEST_KEY = ['auditID', 'requestReceivedTimestamp'] as const;

export interface Groups {
  readonly groups: readonly Group[];
  readonly requests: number;
  /** There are more groups than were read; what was read stands. */
  readonly cut: boolean;
  readonly tookMs: number;
}

/** All groups of the events that match, in no order. A request that is logged at several stages counts once. */
export async function collectGroups(search: Search, definition: Definition, query: JsonObject): Promise<Groups> {
  const perRequest = definition.stages !== undefined;
  const folded = new Map<string, Folding>();
  const requests = new Set<string>();
  let total = 0;
  let tookMs = 0;
  let read = 0;
  let cut = false;
  for (let after: unknown; ; ) {
    const answer = await search(groupsRequest(definition, query, after));
    tookMs += answer.tookMs;
    total = answer.total;
    const buckets = bucketsOf(answer.aggregations, 'groups');
    for (const bucket of buckets) fold(folded, requests, bucket, definition, perRequest);
    read += buckets.length;
    if (buckets.length < PAGE) break;
    cut = read >= MOST_BUCKETS;
    if (cut) break;
    after = afterKey(answer.aggregations);
  }
  const groups = [...folded.values()].map(finish);
  return { groups, requests: perRequest ? requests.size : total, cut, tookMs };
}

/** One page of the groups of what matches, after the key that the page before ended with. */
export function groupsRequest({ group, stages }: Definition, query: JsonObject, after?: unknown): JsonObject {
  const keys = stages === undefined ? group.by : [...group.by, ...REQUEST_KEY];
  return { query, aggs: { groups: compositeOf(keys, group.show, after) } };
}

function compositeOf(keys: readonly string[], show: Definition['group']['show'], after: unknown): JsonObject {
  const sources = keys.map((field, at) => ({ [`k${at}`]: { terms: { field, missing_bucket: true } } }));
  const measures = Object.entries(show).flatMap(([name, measure]) => {
    const aggregation = aggregationOf(measure);
    return aggregation === undefined ? [] : [[name, aggregation] as const];
  });
  return {
    composite: { size: PAGE, sources, ...(after !== undefined && { after }) },
    aggs: Object.fromEntries(measures),
  };
}

function aggregationOf(measure: Measure): JsonObject | undefined {
  if (measure === 'requests') return undefined;
  if ('min' in measure) return { min: { field: measure.min } };
  if ('max' in measure) return { max: { field: measure.max } };
  if ('values' in measure) return { terms: { field: measure.values, size: VALUES_SHOWN } };
  return { cardinality: { field: measure.distinct, precision_threshold: 10_000 } };
}

function afterKey(aggregations: JsonObject): unknown {
  const groups = aggregations['groups'];
  return isObject(groups) ? groups['after_key'] : undefined;
}

function fold(
  folded: Map<string, Folding>,
  requests: Set<string>,
  bucket: JsonObject,
  { group }: Definition,
  perRequest: boolean,
): void {
  const key = isObject(bucket['key']) ? Object.values(bucket['key']).map(scalarOf) : [];
  const by = key.slice(0, group.by.length);
  const id = JSON.stringify(by);
  const known = folded.get(id) ?? {
    by: Object.fromEntries(group.by.map((field, at) => [field, by[at] ?? null])),
    requests: 0,
    show: {},
  };
  folded.set(id, known);
  known.requests += perRequest ? 1 : Number(bucket['doc_count']);
  if (perRequest) requests.add(JSON.stringify(key.slice(group.by.length)));
  for (const [name, measure] of Object.entries(group.show))
    known.show[name] = foldMeasure(known, name, measure, bucket);
}

function foldMeasure(known: Folding, name: string, measure: Measure, bucket: JsonObject): Folded {
  if (measure === 'requests') return known.requests;
  const before = known.show[name];
  if ('values' in measure) {
    const values = before instanceof Set ? before : new Set<Scalar>();
    for (const entry of bucketsOf(bucket, name)) {
      const value = scalarOf(entry['key_as_string'] ?? entry['key']);
      if (value !== null && values.size < VALUES_SHOWN) values.add(value);
    }
    return values;
  }
  const value = metricOf(bucket, name);
  if (before === undefined || before === null || before instanceof Set) return value;
  if (value === null) return before;
  const isEarlier = value < before;
  return 'min' in measure === isEarlier ? value : before;
}

function finish({ by, requests, show }: Folding): Group {
  const measures = Object.entries(show).map(
    ([name, value]) => [name, value instanceof Set ? [...value] : value] as const,
  );
  return { by, requests, show: Object.fromEntries(measures) };
}

function scalarOf(value: unknown): Scalar | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** The groups that are listed, the most or the latest first by the measure that the definition orders by; ties by their keys. */
export function listed(
  definition: Definition,
  groups: readonly Group[],
): { readonly groups: readonly Group[]; readonly more: number } {
  const { order, limit } = definition.group;
  const sorted = [...groups].sort(
    (a, b) => compare(rankOf(b, order), rankOf(a, order)) || compare(JSON.stringify(a.by), JSON.stringify(b.by)),
  );
  return { groups: sorted.slice(0, limit), more: Math.max(0, sorted.length - limit) };
}

/** What a group is ordered by: a number, or a time in words, whose order as text is that of time. */
function rankOf(group: Group, order: string | undefined): number | string {
  const measure = order === undefined ? group.requests : group.show[order];
  return typeof measure === 'number' || typeof measure === 'string' ? measure : 0;
}

function compare(a: number | string, b: number | string): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
