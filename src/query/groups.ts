import { isObject, type JsonObject } from '../shared/json.ts';
import type { Definition } from './definition.ts';
import { aggregationsOf, bucketsFor, type Folded, foldMeasure, shownOf } from './folding.ts';
import { type Key, keyValue, nameOf, type Sources, sourceOf } from './keys.ts';
import type { Having, Measures } from './measures.ts';
import { ENDED } from './scope.ts';
import { bucketsOf, type Search } from './search.ts';
import type { Group, Scalar } from './types.ts';

/** A group while it is folded together from buckets. */
interface Folding {
  readonly by: Record<string, Scalar | null>;
  requests: number;
  readonly show: Record<string, Folded>;
}

/** Beyond so many buckets an answer ends and says so, instead of filling memory. */
export const MOST_BUCKETS = 200_000;
const LARGEST_PAGE = 1000;
/** Of groups of which nothing is measured. */
const LARGEST_BARE_PAGE = 10_000;
/** A server makes no more than 65,536 buckets for an answer (search.max_buckets). */
const BUCKETS_AN_ANSWER = 60_000;

export interface Groups {
  readonly groups: readonly Group[];
  readonly requests: number;
  /** What there is more of than was read; what was read stands. */
  readonly cut?: 'groups' | 'open requests' | 'requests of sequences';
  /** What a reader has to know of what was looked at. */
  readonly notes?: readonly string[];
  /** Why what is not among the groups could not be seen. */
  readonly unseen?: string;
  /** What would make it seen. */
  readonly remedy?: string;
}

/** What is collected page by page. */
export interface Collected {
  readonly folded: Map<string, Folding>;
  requests: number;
}

/** The first page of the groups of what matches and has ended. */
export function groupsRequest(definition: Definition, query: JsonObject): JsonObject {
  return pageRequest(definition, endedGroups(definition, query));
}

/** What is grouped, and by what. */
interface Grouped {
  readonly query: JsonObject;
  readonly keys: Sources;
}

export function endedGroups({ group, stages }: Definition, query: JsonObject): Grouped {
  return { query: stages === undefined ? query : { bool: { filter: [query, ENDED] } }, keys: keysOf(group.by) };
}

/** Hands over the groups with their measures, page by page: how many documents they are of, and whether there were too many. */
export async function eachGroup(
  search: Search,
  definition: Definition,
  grouped: Grouped,
  add: (bucket: JsonObject) => void,
  most = MOST_BUCKETS,
): Promise<{ readonly total: number; readonly cut: boolean }> {
  let read = 0;
  for (let after: unknown; ; ) {
    const { total, aggregations } = await search(pageRequest(definition, grouped, after));
    const buckets = bucketsOf(aggregations, 'groups');
    for (const bucket of buckets) add(bucket);
    read += buckets.length;
    if (buckets.length < pageSize(definition.group.show)) return { total, cut: false };
    if (read >= most) return { total, cut: true };
    after = isObject(aggregations['groups']) ? aggregations['groups']['after_key'] : undefined;
  }
}

function pageRequest(definition: Definition, { query, keys }: Grouped, after?: unknown): JsonObject {
  return { query, aggs: { groups: groupsAggregation(definition, keys, after) } };
}

/** The sources of what is grouped by. */
export function keysOf(by: readonly Key[]): Sources {
  return Object.fromEntries(by.map((key, at) => [`k${at}`, sourceOf(key)]));
}

function groupsAggregation({ group }: Definition, keys: Sources, after: unknown): JsonObject {
  const sources = Object.entries(keys).map(([name, source]) => ({ [name]: source }));
  const measures = Object.entries(group.show).flatMap(([name, measure]) => aggregationsOf(name, measure));
  return {
    composite: { size: pageSize(group.show), sources, ...(after !== undefined && { after }) },
    aggs: Object.fromEntries(measures),
  };
}

function pageSize(show: Measures): number {
  const measures = Object.values(show);
  if (measures.length === 0) return LARGEST_BARE_PAGE;
  const each = measures.reduce((sum, measure) => sum + bucketsFor(measure), 1);
  return Math.min(LARGEST_PAGE, Math.floor(BUCKETS_AN_ANSWER / each));
}

/** Adds a bucket to its group. */
export function fold({ folded }: Collected, bucket: JsonObject, { group }: Definition, requests: number): void {
  const key = isObject(bucket['key']) ? bucket['key'] : {};
  const by = group.by.map((one, at) => keyValue(one, key[`k${at}`]));
  const id = JSON.stringify(by);
  const known = folded.get(id) ?? {
    by: Object.fromEntries(group.by.map((one, at) => [nameOf(one), by[at] ?? null])),
    requests: 0,
    show: {},
  };
  folded.set(id, known);
  known.requests += requests;
  for (const [name, measure] of Object.entries(group.show)) {
    known.show[name] = foldMeasure(known.show[name], name, measure, bucket, requests);
  }
}

/** A group as it is reported. */
export function finish({ by, requests, show }: Folding): Group {
  const shown: Record<string, Group['show'][string]> = {};
  const more: Record<string, number> = {};
  for (const [name, folded] of Object.entries(show)) {
    const { value, unread } = shownOf(folded, requests);
    shown[name] = value;
    if (unread > 0) more[name] = unread;
  }
  return { by, requests, show: shown, ...(Object.keys(more).length > 0 && { more }) };
}

/** Whether the measures of a group are within the bounds that a definition sets. */
export function isKept({ show }: Group, having: Having = {}): boolean {
  return Object.entries(having).every(([name, { atLeast, atMost }]) => {
    const value = show[name];
    return typeof value === 'number' && value >= (atLeast ?? value) && value <= (atMost ?? value);
  });
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
  const measure = order === undefined ? group.requests : (group.show[order] ?? group.by[order]);
  return typeof measure === 'number' || typeof measure === 'string' ? measure : 0;
}

function compare(a: number | string, b: number | string): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
