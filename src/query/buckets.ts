import { isObject, type JsonObject } from '../shared/json.ts';
import { scalarOf } from './keys.ts';
import { bucketsOf, type Search } from './search.ts';
import type { Scalar } from './types.ts';

/** Values of some fields, in their order; null where a request has none. */
export type Tuple = readonly (Scalar | null)[];

const PAGE = 10_000;

/** What to group by: sources of a composite aggregation, and what to measure in each bucket. */
export interface Buckets {
  readonly query: JsonObject;
  readonly sources: readonly JsonObject[];
  readonly aggs?: JsonObject;
}

/** Hands over all buckets of a composite aggregation in its order, page by page. */
export async function eachBucket(
  search: Search,
  { query, sources, aggs }: Buckets,
  add: (bucket: JsonObject, key: JsonObject) => void,
): Promise<void> {
  for (let after: unknown; ; ) {
    const composite = { size: PAGE, sources, ...(after !== undefined && { after }) };
    const all = { composite, ...(aggs && { aggs }) };
    const answer = await search({ query, track_total_hits: false, aggs: { all } });
    const buckets = bucketsOf(answer.aggregations, 'all');
    for (const bucket of buckets) add(bucket, isObject(bucket['key']) ? bucket['key'] : {});
    if (buckets.length < PAGE) return;
    after = buckets.at(-1)?.['key'];
  }
}

/** Sources for the values of fields; `tupleIn` reads them. */
export function sourcesOf(fields: readonly string[]): readonly JsonObject[] {
  return fields.map((field, at) => ({ [`f${at}`]: { terms: { field, missing_bucket: true } } }));
}

export function tupleIn(key: JsonObject, fields: readonly string[]): Tuple {
  return fields.map((_, at) => scalarOf(key[`f${at}`]));
}

/** A tuple as the key of a map. */
export function keyOf(tuple: Tuple): string {
  return JSON.stringify(tuple);
}

/** Requests that have exactly one of these values of a field. */
export function oneOf(field: string, values: readonly (Scalar | null)[]): JsonObject {
  const known = { terms: { [field]: values.filter((value) => value !== null) } };
  if (!values.includes(null)) return known;
  return { bool: { should: [known, { bool: { must_not: [{ exists: { field } }] } }], minimum_should_match: 1 } };
}

/** Those of the requests that are of one group, by its values. */
export function groupQuery(query: JsonObject, by: Readonly<Record<string, Scalar | null>>): JsonObject {
  const filters = Object.entries(by).map(([field, value]) => oneOf(field, [value]));
  return { bool: { filter: [query, ...filters] } };
}

/** What to read of each group: its buckets of so many milliseconds. */
export interface Series {
  readonly query: JsonObject;
  readonly by: readonly string[];
  readonly every: number;
  /** Where slots begin, from a multiple of `every`. */
  readonly offset?: number;
  readonly aggs?: JsonObject;
}

/** Hands over each group with its buckets in the order of time, and the begin of each; one group is held at a time. */
export async function eachSeries(
  search: Search,
  { query, by, every, offset = 0, aggs }: Series,
  add: (tuple: Tuple, buckets: readonly (readonly [number, JsonObject])[]) => void,
): Promise<void> {
  const slot = { date_histogram: { field: '@timestamp', fixed_interval: `${every}ms`, offset: `${offset}ms` } };
  let current: Tuple = [];
  let buckets: (readonly [number, JsonObject])[] = [];
  const flush = (): void => {
    if (buckets.length > 0) add(current, buckets);
    buckets = [];
  };
  const sources = [...sourcesOf(by), { slot }];
  await eachBucket(search, { query, sources, ...(aggs && { aggs }) }, (bucket, key) => {
    const tuple = tupleIn(key, by);
    if (keyOf(tuple) !== keyOf(current)) flush();
    current = tuple;
    buckets.push([Number(key['slot']), bucket]);
  });
  flush();
}
