import { isObject, type JsonObject } from '../../audit/event.ts';
import { collectGroups } from '../collect.ts';
import type { ThresholdDefinition } from '../definition.ts';
import type { Groups } from '../groups.ts';
import { kql, reportedQuery, type Scope } from '../scope.ts';
import { bucketsOf, type Search } from '../search.ts';
import { parseDuration } from '../time.ts';
import type { Group } from '../types.ts';

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

const PAGE = 10_000;

/** Who did it at least so often (or with so many distinct things) within any span of a given length. */
export async function runThreshold(search: Search, definition: ThresholdDefinition, scope: Scope): Promise<Groups> {
  const query = reportedQuery(definition, scope);
  const all = await collectGroups(search, definition, query);
  const { atLeast, within, heavy } = definition.threshold;
  const span = parseDuration(within) ?? 0;
  const over: Group[] = [];
  let tookMs = all.tookMs;
  for (const group of all.groups.filter(({ requests }) => requests * (heavy?.counts ?? 1) >= atLeast)) {
    const window = slidingWindow(span);
    tookMs += await eachMoment(search, groupQuery(query, group), definition.threshold, window.add);
    const { count, from } = window.peak();
    if (count < atLeast) continue;
    over.push({ ...group, show: { ...group.show, peak: count, peakFrom: new Date(from).toISOString() } });
  }
  return {
    groups: over,
    requests: over.reduce((sum, group) => sum + group.requests, 0),
    tookMs,
    ...(all.cut && { cut: all.cut }),
  };
}

/** The events of one group. */
function groupQuery(query: JsonObject, group: Group): JsonObject {
  const entries = Object.entries(group.by);
  return {
    bool: {
      filter: [
        query,
        ...entries.filter(([, value]) => value !== null).map(([field, value]) => ({ term: { [field]: value } })),
      ],
      must_not: entries.filter(([, value]) => value === null).map(([field]) => ({ exists: { field } })),
    },
  };
}

/** Hands over the moments of the events that match, in the order of time; gives the server's milliseconds. */
async function eachMoment(
  search: Search,
  query: JsonObject,
  { distinct, heavy }: ThresholdDefinition['threshold'],
  add: (moment: Moment) => void,
): Promise<number> {
  const sources = [
    { time: { date_histogram: { field: '@timestamp', fixed_interval: '1ms' } } },
    ...(distinct === undefined ? [] : [{ value: { terms: { field: distinct } } }]),
  ];
  const weighed = heavy === undefined ? {} : { aggs: { heavy: { filter: kql(heavy.match) } } };
  let tookMs = 0;
  for (let after: unknown; ; ) {
    const composite = { size: PAGE, sources, ...(after !== undefined && { after }) };
    const answer = await search({ query, track_total_hits: false, aggs: { moments: { composite, ...weighed } } });
    tookMs += answer.tookMs;
    const buckets = bucketsOf(answer.aggregations, 'moments');
    for (const bucket of buckets) add(momentOf(bucket, heavy?.counts));
    if (buckets.length < PAGE) return tookMs;
    after = buckets.at(-1)?.['key'];
  }
}

/** A heavy request counts as `counts`. */
function momentOf(bucket: JsonObject, counts = 1): Moment {
  const key = isObject(bucket['key']) ? bucket['key'] : {};
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
