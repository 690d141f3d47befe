/** Which requests of a sequence can be part of one at all: those that share the values of its rarest step. */
import type { JsonObject } from '../../shared/json.ts';
import { eachBucket, oneOf, sourcesOf, type Tuple, tupleIn } from '../buckets.ts';
import type { DefinitionOf } from '../definition.ts';
import { kql } from '../scope.ts';
import { bucketsOf, type Search } from '../search.ts';

type Sequence = DefinitionOf<'sequence'>;

/** Combinations of values that are worth naming to the server: it takes 65,536 terms at most. */
const MOST_JOINS = 10_000;

/** Values of the joining fields, each combination once; undefined: too many to be of use. */
export type Joins = readonly Tuple[] | undefined;

/** The values that a sequence can have; none where a step has no request at all. */
export async function joinsOf(search: Search, { sequence }: Sequence, reported: JsonObject): Promise<Joins> {
  const { steps, by } = sequence;
  const counts = await countSteps(search, sequence, reported);
  if (steps.some(({ count }, at) => (counts[at] ?? 0) < count)) return [];
  const rarest = steps[counts.indexOf(Math.min(...counts))];
  if (rarest === undefined) return [];
  const fields = rarest.by ?? by;
  const joins: Tuple[] = [];
  const query = { bool: { filter: [reported, kql(rarest.match)] } };
  await eachBucket(search, { query, sources: sourcesOf(fields) }, (_, key) => {
    if (joins.length <= MOST_JOINS) joins.push(tupleIn(key, fields));
  });
  return joins.length > MOST_JOINS ? undefined : joins;
}

async function countSteps(
  search: Search,
  { steps }: Sequence['sequence'],
  reported: JsonObject,
): Promise<readonly number[]> {
  const filters = Object.fromEntries(steps.map(({ match }, at) => [String(at), kql(match)]));
  const aggs = { steps: { filters: { filters, keyed: false } } };
  const { aggregations } = await search({ query: reported, track_total_hits: false, aggs });
  const counts = new Map(
    bucketsOf(aggregations, 'steps').map((bucket) => [bucket['key'], Number(bucket['doc_count'])]),
  );
  return steps.map((_, at) => counts.get(String(at)) ?? 0);
}

/** Requests whose fields have values of the joins; of several fields each by itself, which lets a few more through. */
export function joined(fields: readonly string[], joins: Joins): readonly JsonObject[] {
  if (joins === undefined) return [];
  return fields.map((field, at) => oneOf(field, [...new Set(joins.map((tuple) => tuple[at] ?? null))]));
}
