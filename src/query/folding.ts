/** How a measure is asked for, and how what buckets say of it becomes what a group shows. */
import { isObject, type JsonObject } from '../shared/json.ts';
import { scalarOf } from './keys.ts';
import type { Measure } from './measures.ts';
import { kql } from './scope.ts';
import { bucketsOf, metricOf } from './search.ts';
import type { Group, Scalar } from './types.ts';

/** Values of a measure that are read of each group; the others are counted. */
export const VALUES_READ = 20;

/** A measure of a group while it is folded together from buckets. */
export type Folded =
  | { readonly kind: 'value'; readonly value: Scalar | null }
  /** `latest`: what the last event has, and its time. */
  | { readonly kind: 'latest'; readonly values: readonly Scalar[]; readonly time: number }
  | { readonly kind: 'requests' }
  | { readonly kind: 'count' | 'percent'; readonly count: number }
  /** Values of a field, as many as are read, and how many there are. */
  | { readonly kind: 'values'; readonly seen: ReadonlySet<Scalar>; readonly counted: number };

type Of<K extends Folded['kind']> = Extract<Folded, { kind: K }>;

/** The aggregations of a measure, by their names. */
export function aggregationsOf(name: string, measure: Measure): readonly (readonly [string, JsonObject])[] {
  if (measure === 'requests') return [];
  if ('min' in measure) return [[name, { min: { field: measure.min } }]];
  if ('max' in measure) return [[name, { max: { field: measure.max } }]];
  if ('average' in measure) return [[name, { avg: { field: measure.average } }]];
  if ('sum' in measure) return [[name, { sum: { field: measure.sum } }]];
  if ('percentile' in measure) {
    return [[name, { percentiles: { field: measure.percentile, percents: [measure.at], keyed: false } }]];
  }
  if ('count' in measure) return [[name, { filter: kql(measure.count) }]];
  if ('percent' in measure) return [[name, { filter: kql(measure.percent) }]];
  if ('latest' in measure) return [[name, { top_hits: lastOf(measure.latest) }]];
  if ('distinct' in measure) {
    return [[name, { cardinality: { field: measure.distinct, precision_threshold: 10_000 } }]];
  }
  const field = measure.values;
  return [
    [name, { terms: { field, size: VALUES_READ } }],
    [countOf(name), { cardinality: { field, precision_threshold: 1000 } }],
  ];
}

function lastOf(field: string): JsonObject {
  const sort = ['@timestamp', 'stageTimestamp', 'auditID'].map((by) => ({ [by]: { order: 'desc' } }));
  return { size: 1, sort, _source: false, docvalue_fields: [field] };
}

function countOf(name: string): string {
  return `count of ${name}`;
}

/** Buckets of an answer that a measure takes of each group. */
export function bucketsFor(measure: Measure): number {
  if (measure === 'requests') return 0;
  if ('values' in measure) return VALUES_READ;
  return 'count' in measure || 'percent' in measure || 'latest' in measure ? 1 : 0;
}

/** Adds what a bucket of so many requests says. */
export function foldMeasure(
  before: Folded | undefined,
  name: string,
  measure: Measure,
  bucket: JsonObject,
  requests: number,
): Folded {
  if (measure === 'requests') return { kind: 'requests' };
  if ('count' in measure) return foldCount('count', before, name, bucket, requests);
  if ('percent' in measure) return foldCount('percent', before, name, bucket, requests);
  if ('latest' in measure) return foldLatest(before, name, bucket);
  if ('values' in measure) return foldValues(before, name, bucket);
  const value = metricOf(bucket, name);
  if ('min' in measure || 'max' in measure) return foldExtreme(before, value, 'min' in measure);
  return { kind: 'value', value: typeof value === 'number' ? rounded(value) : value };
}

function foldExtreme(before: Folded | undefined, value: Scalar | null, least: boolean): Of<'value'> {
  if (before?.kind !== 'value' || before.value === null) return { kind: 'value', value };
  if (value === null) return before;
  const isLess = value < before.value;
  return { kind: 'value', value: isLess === least ? value : before.value };
}

/** A request that has not ended, and that several events tell of, counts once; one that has ended, by its end. */
function foldCount(
  kind: 'count' | 'percent',
  before: Folded | undefined,
  name: string,
  bucket: JsonObject,
  requests: number,
): Folded {
  const filtered = bucket[name];
  const matched = isObject(filtered) ? Number(filtered['doc_count']) : 0;
  return { kind, count: (before?.kind === kind ? before.count : 0) + Math.min(matched, requests) };
}

function foldLatest(before: Folded | undefined, name: string, bucket: JsonObject): Folded {
  const latest = latestOf(bucket[name]);
  return before?.kind === 'latest' && before.time > latest.time ? before : latest;
}

/** Events without a time come first. */
function latestOf(aggregation: unknown): Of<'latest'> {
  const hits = isObject(aggregation) && isObject(aggregation['hits']) ? aggregation['hits']['hits'] : undefined;
  const [hit]: readonly unknown[] = Array.isArray(hits) ? hits : [];
  const sort = isObject(hit) && Array.isArray(hit['sort']) ? Number(hit['sort'][0]) : Number.NaN;
  const [values]: readonly unknown[] = isObject(hit) && isObject(hit['fields']) ? Object.values(hit['fields']) : [];
  const scalars = (Array.isArray(values) ? values : []).map(scalarOf).filter((value) => value !== null);
  return { kind: 'latest', values: scalars, time: Number.isNaN(sort) ? Number.NEGATIVE_INFINITY : sort };
}

function foldValues(before: Folded | undefined, name: string, bucket: JsonObject): Folded {
  const known = before?.kind === 'values' ? before : { seen: [], counted: 0 };
  const read = bucketsOf(bucket, name).map((entry) => scalarOf(entry['key_as_string'] ?? entry['key']));
  const seen = new Set([...known.seen, ...read.filter((value) => value !== null)]);
  const counted = Math.max(known.counted, seen.size, Number(metricOf(bucket, countOf(name)) ?? 0));
  return { kind: 'values', seen, counted };
}

/** What a group of so many requests shows of a measure, and how many values it has beyond those. */
export function shownOf(
  folded: Folded,
  requests: number,
): { readonly value: Group['show'][string]; readonly unread: number } {
  switch (folded.kind) {
    case 'requests':
      return { value: requests, unread: 0 };
    case 'value':
      return { value: folded.value, unread: 0 };
    case 'count':
      return { value: folded.count, unread: 0 };
    case 'percent':
      return { value: requests === 0 ? null : rounded((100 * folded.count) / requests), unread: 0 };
    case 'latest':
      return { value: oneOrAll(folded.values), unread: 0 };
    case 'values': {
      const values = [...folded.seen].slice(0, VALUES_READ);
      return { value: values, unread: folded.counted - values.length };
    }
  }
}

/** A list only where an event has several values. */
function oneOrAll(values: readonly Scalar[]): Group['show'][string] {
  return values.length > 1 ? values : (values[0] ?? null);
}

/** To two decimals: what is computed from many values is no exact fraction. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
