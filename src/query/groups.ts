import { isObject, type JsonObject } from '../audit/event.ts';
import { scalarOf } from './buckets.ts';
import type { Definition, Measure } from './definition.ts';
import { ENDED } from './scope.ts';
import { bucketsOf, metricOf } from './search.ts';
import type { Group, Scalar } from './types.ts';

/** A group while it is folded together from buckets. */
interface Folding {
  readonly by: Record<string, Scalar | null>;
  requests: number;
  readonly show: Record<string, Folded>;
}

type Folded = Scalar | null | Values;

/** Values of a field, as many as are read, and how many there are. */
interface Values {
  readonly seen: Set<Scalar>;
  counted: number;
}

/** Beyond so many buckets an answer ends and says so, instead of filling memory. */
export const MOST_BUCKETS = 200_000;
const LARGEST_PAGE = 1000;
/** A server makes no more than 65,536 buckets for an answer (search.max_buckets). */
const BUCKETS_AN_ANSWER = 60_000;
/** Values of a measure that are read of each group; the others are counted. */
export const VALUES_READ = 20;

export interface Groups {
  readonly groups: readonly Group[];
  readonly requests: number;
  /** What there is more of than was read; what was read stands. */
  readonly cut?: 'groups' | 'open requests' | 'requests of sequences';
  /** What a reader has to know of what was looked at. */
  readonly notes?: readonly string[];
  /** Why what is not among the groups could not be seen. */
  readonly unseen?: string;
  readonly tookMs: number;
}

/** What is collected page by page. */
export interface Collected {
  readonly folded: Map<string, Folding>;
  requests: number;
  tookMs: number;
}

/** One page of the groups of what matches and has ended, after the key that the page before ended with. */
export function groupsRequest(definition: Definition, query: JsonObject, after?: unknown): JsonObject {
  const { group, stages } = definition;
  const ended = stages === undefined ? query : { bool: { filter: [query, ENDED] } };
  return { query: ended, aggs: { groups: groupsAggregation(definition, keysOf(group.by), after) } };
}

/** Sources of a composite aggregation, by the names that its buckets have them under. */
export type Sources = Readonly<Record<string, string>>;

function keysOf(by: readonly string[]): Sources {
  return Object.fromEntries(by.map((field, at) => [`k${at}`, field]));
}

export function groupsAggregation({ group }: Definition, keys: Sources, after: unknown): JsonObject {
  const sources = Object.entries(keys).map(([name, field]) => ({ [name]: { terms: { field, missing_bucket: true } } }));
  const measures = Object.entries(group.show).flatMap(([name, measure]) => aggregationsOf(name, measure));
  return {
    composite: { size: pageSize(group.show), sources, ...(after !== undefined && { after }) },
    aggs: Object.fromEntries(measures),
  };
}

export function pageSize(show: Definition['group']['show']): number {
  const lists = Object.values(show).filter((measure) => typeof measure === 'object' && 'values' in measure).length;
  return Math.min(LARGEST_PAGE, Math.floor(BUCKETS_AN_ANSWER / (1 + lists * VALUES_READ)));
}

function aggregationsOf(name: string, measure: Measure): readonly (readonly [string, JsonObject])[] {
  if (measure === 'requests') return [];
  if ('min' in measure) return [[name, { min: { field: measure.min } }]];
  if ('max' in measure) return [[name, { max: { field: measure.max } }]];
  if ('distinct' in measure) {
    return [[name, { cardinality: { field: measure.distinct, precision_threshold: 10_000 } }]];
  }
  const field = measure.values;
  return [
    [name, { terms: { field, size: VALUES_READ } }],
    [countOf(name), { cardinality: { field, precision_threshold: 1000 } }],
  ];
}

function countOf(name: string): string {
  return `count of ${name}`;
}

export function afterKey(aggregations: JsonObject): unknown {
  const groups = aggregations['groups'];
  return isObject(groups) ? groups['after_key'] : undefined;
}

/** Adds a bucket to its group. */
export function fold({ folded }: Collected, bucket: JsonObject, { group }: Definition, requests: number): void {
  const key = isObject(bucket['key']) ? bucket['key'] : {};
  const by = group.by.map((_, at) => scalarOf(key[`k${at}`]));
  const id = JSON.stringify(by);
  const known = folded.get(id) ?? {
    by: Object.fromEntries(group.by.map((field, at) => [field, by[at] ?? null])),
    requests: 0,
    show: {},
  };
  folded.set(id, known);
  known.requests += requests;
  for (const [name, measure] of Object.entries(group.show))
    known.show[name] = foldMeasure(known, name, measure, bucket);
}

function foldMeasure(known: Folding, name: string, measure: Measure, bucket: JsonObject): Folded {
  if (measure === 'requests') return known.requests;
  const before = known.show[name];
  if ('values' in measure) return foldValues(isValues(before) ? before : { seen: new Set(), counted: 0 }, name, bucket);
  const value = metricOf(bucket, name);
  if (before === undefined || before === null || isValues(before)) return value;
  if (value === null) return before;
  const isEarlier = value < before;
  return 'min' in measure === isEarlier ? value : before;
}

function foldValues({ seen, counted }: Values, name: string, bucket: JsonObject): Values {
  for (const entry of bucketsOf(bucket, name)) {
    const value = scalarOf(entry['key_as_string'] ?? entry['key']);
    if (value !== null) seen.add(value);
  }
  return { seen, counted: Math.max(counted, seen.size, Number(metricOf(bucket, countOf(name)) ?? 0)) };
}

function isValues(folded: Folded | undefined): folded is Values {
  return typeof folded === 'object' && folded !== null;
}

/** A group as it is reported. */
export function finish({ by, requests, show }: Folding): Group {
  const shown: Record<string, Group['show'][string]> = {};
  const more: Record<string, number> = {};
  for (const [name, measured] of Object.entries(show)) {
    if (!isValues(measured)) {
      shown[name] = measured;
      continue;
    }
    const values = [...measured.seen].slice(0, VALUES_READ);
    shown[name] = values;
    if (measured.counted > values.length) more[name] = measured.counted - values.length;
  }
  return { by, requests, show: shown, ...(Object.keys(more).length > 0 && { more }) };
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
