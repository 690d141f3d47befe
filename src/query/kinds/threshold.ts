import { isObject, type JsonObject } from '../../shared/json.ts';
import { eachBucket, groupQuery } from '../buckets.ts';
import { collectGroups } from '../collect.ts';
import type { DefinitionOf } from '../definition.ts';
import type { Groups } from '../groups.ts';
import type { Reader } from '../scan.ts';
import { kql, reportedQuery, type Scope } from '../scope.ts';
import type { Search } from '../search.ts';
import { parseDuration } from '../time.ts';
import type { Group } from '../types.ts';
import type { ThresholdOptions } from './options.ts';

/** One moment of a group: how many requests, and with which value of the field that is counted. */
export interface Moment {
  readonly time: number;
  readonly count: number;
  readonly value?: string;
}

export interface Peak {
  /** Requests, or distinct values, in the fullest window. */
  readonly count: number;
  /** When that window began, in milliseconds. */
  readonly from: number;
}

/** Who did it at least so often (or with so many distinct things) within any span of a given length. */
export async function runThreshold(
  reader: Reader,
  definition: DefinitionOf<'threshold'>,
  scope: Scope,
): Promise<Groups> {
  const query = reportedQuery(definition, scope);
  const all = await collectGroups(reader, definition, query);
  const { atLeast, within, heavy } = definition.threshold;
  const span = parseDuration(within) ?? 0;
  const over: Group[] = [];
  for (const group of all.groups.filter(({ requests }) => requests * (heavy?.counts ?? 1) >= atLeast)) {
    const window = slidingWindow(span);
    await eachMoment(reader.search, groupQuery(query, group.by), definition.threshold, window.add);
    const { count, from } = window.peak();
    if (count < atLeast) continue;
    over.push({ ...group, show: { ...group.show, peak: count, peakFrom: new Date(from).toISOString() } });
  }
  return {
    groups: over,
    requests: over.reduce((sum, group) => sum + group.requests, 0),
    ...(all.cut && { cut: all.cut }),
  };
}

/** Hands over the moments of the events that match, in the order of time. */
function eachMoment(
  search: Search,
  query: JsonObject,
  { distinct, heavy }: ThresholdOptions,
  add: (moment: Moment) => void,
): Promise<void> {
  const sources = [
    { time: { date_histogram: { field: '@timestamp', fixed_interval: '1ms' } } },
    ...(distinct === undefined ? [] : [{ value: { terms: { field: distinct } } }]),
  ];
  const aggs = heavy === undefined ? {} : { heavy: { filter: kql(heavy.match) } };
  return eachBucket(search, { query, sources, aggs }, (bucket, key) => add(momentOf(bucket, key, heavy?.counts)));
}

/** A heavy request counts as `counts`. */
function momentOf(bucket: JsonObject, key: JsonObject, counts = 1): Moment {
  const { heavy } = bucket;
  const more = isObject(heavy) ? Number(heavy['doc_count']) * (counts - 1) : 0;
  const count = Number(bucket['doc_count']) + more;
  return { time: Number(key['time']), count, ...('value' in key && { value: String(key['value']) }) };
}

/** Watches moments in the order of time and keeps the fullest window. Moments with values are counted by distinct values. */
export function slidingWindow(span: number): { readonly add: (moment: Moment) => void; readonly peak: () => Peak } {
  const inside: Moment[] = [];
  const values = new Map<string, number>();
  let first = 0;
  let count = 0;
  let best: Peak = { count: 0, from: 0 };
  const change = (moment: Moment, sign: 1 | -1): void => {
    if (moment.value === undefined) {
      count += sign * moment.count;
      return;
    }
    const times = (values.get(moment.value) ?? 0) + sign;
    if (times === 0) values.delete(moment.value);
    else values.set(moment.value, times);
    count = values.size;
  };
  return {
    add: (moment) => {
      inside.push(moment);
      change(moment, 1);
      let oldest = inside[first];
      while (oldest !== undefined && oldest.time <= moment.time - span) {
        change(oldest, -1);
        first += 1;
        oldest = inside[first];
      }
      // What has left the window is dropped now and then: dropping it one by one would cost the square of its number.
      if (first > 4096) {
        inside.splice(0, first);
        first = 0;
      }
      if (count > best.count) best = { count, from: inside[first]?.time ?? moment.time };
    },
    peak: () => best,
  };
}
