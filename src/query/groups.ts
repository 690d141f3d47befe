import { isObject, type JsonObject } from '../audit/event.ts';
import { KauditError } from '../shared/errors.ts';
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
/** More groups than anybody reads: beyond, the answer says how to narrow it instead of filling memory. */
const MOST_BUCKETS = 50_000;
const VALUES_SHOWN = 5;

/** The identity of a request among events of several stages: clients choose auditIDs, so the time of arrival is part of it. */
const REQUEST_KEY = ['auditID', 'requestReceivedTimestamp'] as const;

export interface Groups {
  readonly groups: readonly Group[];
  readonly requests: number;
  readonly tookMs: number;
}

/** All groups of the events that match, in no order. A request that is logged at several stages counts once. */
export async function collectGroups(search: Search, definition: Definition, query: JsonObject): Promise<Groups> {
  const perRequest = definition.stages !== undefined;
  const keys = perRequest ? [...definition.group.by, ...REQUEST_KEY] : definition.group.by;
  const folded = new Map<string, Folding>();
  const requests = new Set<string>();
  let total = 0;
  let tookMs = 0;
  let read = 0;
  for (let after: unknown; ; ) {
    const answer = await search({ query, aggs: { groups: compositeOf(keys, definition.group.show, after) } });
    tookMs += answer.tookMs;
    total = answer.total;
    const buckets = bucketsOf(answer.aggregations, 'groups');
    for (const bucket of buckets) fold(folded, requests, bucket, definition, perRequest);
    read += buckets.length;
    if (buckets.length < PAGE) break;
    if (read >= MOST_BUCKETS) throw tooMany(definition.id);
    after = afterKey(answer.aggregations);
  }
  const groups = [...folded.values()].map(finish);
  return { groups, requests: perRequest ? requests.size : total, tookMs };
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

/** The groups that are listed, most first by the measure that the definition orders by; ties by their keys. */
export function listed(
  definition: Definition,
  groups: readonly Group[],
): { readonly groups: readonly Group[]; readonly more: number } {
  const { order, limit } = definition.group;
  const rank = (group: Group): number => {
    const measure = order === undefined ? undefined : group.show[order];
    return typeof measure === 'number' ? measure : group.requests;
  };
  const sorted = [...groups].sort(
    (a, b) => rank(b) - rank(a) || (JSON.stringify(a.by) < JSON.stringify(b.by) ? -1 : 1),
  );
  return { groups: sorted.slice(0, limit), more: Math.max(0, sorted.length - limit) };
}

function tooMany(id: string): KauditError {
  return new KauditError(
    'server-refused',
    `${id} has more than ${MOST_BUCKETS.toLocaleString('en')} groups in this window.`,
    {
      hint: 'Narrow the window with --from and --to.',
    },
  );
}
