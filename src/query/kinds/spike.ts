import type { JsonObject } from '../../shared/json.ts';
import { eachSeries, groupQuery, keyOf, type Tuple } from '../buckets.ts';
import { collectGroups } from '../collect.ts';
import type { DefinitionOf } from '../definition.ts';
import type { Groups } from '../groups.ts';
import type { Reader } from '../scan.ts';
import { reportedQuery, type Scope } from '../scope.ts';
import { metricOf, type Search } from '../search.ts';
import { inWords, iso, milliseconds } from '../time.ts';
import type { Coverage, Group } from '../types.ts';
import { firstEvent } from './history.ts';

type SpikeDefinition = DefinitionOf<'spike'>;

/** So many requests, or distinct values, from a time on. */
export interface Slot {
  readonly start: number;
  readonly count: number;
}

export interface Spike extends Slot {
  /** The average slot of the baseline. */
  readonly usual: number;
}

export interface Bounds {
  /** Lengths in milliseconds. */
  readonly every: number;
  readonly baseline: number;
  readonly times: number;
  readonly atLeast: number;
  /** When the data begin: before that nothing was silent, it was not logged. */
  readonly begin: number;
  /** Slots from here on are judged. */
  readonly from: number;
}

/** A slot is judged when at least this part of its baseline is in the data. */
const ENOUGH = 1 / 4;
/** Slots of a group whose requests are read; the fullest. */
const MOST_SPIKES = 500;

/** When who did it many times as often as before. */
export async function runSpike(
  reader: Reader,
  definition: SpikeDefinition,
  scope: Scope,
  coverage: Coverage,
): Promise<Groups> {
  const { every, baseline, times, atLeast } = definition.spike;
  const lengths = { every: milliseconds(every), baseline: milliseconds(baseline) };
  const { from, to } = scope.window;
  const wide =
    from === undefined
      ? scope
      : { ...scope, window: { ...scope.window, from: iso(Date.parse(from) - lengths.baseline) } };
  const begin = await firstEvent(reader.search, wide);
  const end = Date.parse(to ?? coverage.last ?? '');
  const start = from === undefined ? 0 : Date.parse(from);
  const known = (begin ?? Number.POSITIVE_INFINITY) + lengths.baseline * ENOUGH;
  if (begin === undefined || !(known < end)) {
    return { groups: [], requests: 0, unseen: tooShort(begin, baseline) };
  }
  const judged = Math.max(known, start);
  const bounds = { ...lengths, times, atLeast, begin, from: judged };
  const found = await findSpikes(reader.search, definition, reportedQuery(definition, wide), bounds, start);
  const measured = await measure(reader, definition, reportedQuery(definition, scope), found, bounds.every);
  return judged > start ? { ...measured, notes: [...(measured.notes ?? []), tooEarly(judged, baseline)] } : measured;
}

function tooShort(begin: number | undefined, baseline: string): string {
  const since = begin === undefined ? 'there are no events' : `the data begin at ${iso(begin)}`;
  return `${since}: too little to tell what is usual in ${baseline}`;
}

function tooEarly(judged: number, baseline: string): string {
  const least = inWords(milliseconds(baseline) * ENOUGH);
  return `what was before ${iso(judged)} is not judged: it has less than ${least} of data before it to compare with`;
}

interface Found {
  readonly by: Tuple;
  readonly spikes: readonly Spike[];
}

/**
 * Looks at slots from the begin of the window on, and at others half a slot later: a burst at a boundary would be cut
 * into two small ones.
 */
async function findSpikes(
  search: Search,
  definition: SpikeDefinition,
  query: JsonObject,
  bounds: Bounds,
  origin: number,
): Promise<readonly Found[]> {
  const { distinct } = definition.spike;
  const { by } = definition.group;
  const aggs =
    distinct === undefined ? {} : { distinct: { cardinality: { field: distinct, precision_threshold: 10_000 } } };
  const found = new Map<string, Found>();
  for (const shift of [0, Math.floor(bounds.every / 2)]) {
    const offset = (origin + shift) % bounds.every;
    await eachSeries(search, { query, by, every: bounds.every, offset, aggs }, (tuple, buckets) => {
      const slots = buckets.map(([start, bucket]) => ({
        start,
        count: Number(distinct === undefined ? bucket['doc_count'] : metricOf(bucket, 'distinct')),
      }));
      const spikes = spikesIn(slots, bounds);
      const before = found.get(keyOf(tuple))?.spikes ?? [];
      if (spikes.length > 0) found.set(keyOf(tuple), { by: tuple, spikes: [...before, ...spikes] });
    });
  }
  return [...found.values()];
}

/** The slots, in the order of time and without empty ones, that hold so much more than those before. */
export function spikesIn(slots: readonly Slot[], bounds: Bounds): readonly Spike[] {
  const { every, times, atLeast, begin } = bounds;
  const reach = Math.floor(bounds.baseline / every) * every;
  const spikes: Spike[] = [];
  let oldest = 0;
  let before = 0;
  for (const { start, count } of slots) {
    for (let old = slots[oldest]; old !== undefined && old.start < start - reach; old = slots[oldest]) {
      before -= old.count;
      oldest += 1;
    }
    const usual = before / ((start - Math.max(begin, start - reach)) / every);
    if (start >= bounds.from && count >= atLeast && count >= times * usual) spikes.push({ start, count, usual });
    before += count;
  }
  return spikes;
}

/** The requests of the spikes of each group. */
async function measure(
  reader: Reader,
  definition: SpikeDefinition,
  query: JsonObject,
  found: readonly Found[],
  every: number,
): Promise<Groups> {
  const fields = definition.group.by;
  const groups: Group[] = [];
  const notes: string[] = [];
  for (const { by, spikes } of found) {
    const fullest = [...spikes].sort((a, b) => b.count - a.count || a.start - b.start);
    const [peak] = fullest;
    if (fullest.length > MOST_SPIKES)
      notes.push(`${by.join(', ')} has more than ${MOST_SPIKES} spikes: the fullest are read`);
    const times = fullest.slice(0, MOST_SPIKES).map(({ start }) => ({
      range: { '@timestamp': { gte: iso(start), lt: iso(start + every) } },
    }));
    const ofGroup = groupQuery(query, Object.fromEntries(fields.map((field, at) => [field, by[at] ?? null])));
    const inSpikes = { bool: { filter: [ofGroup], should: times, minimum_should_match: 1 } };
    const all = await collectGroups(reader, definition, inSpikes);
    const group = all.groups.find((one) => keyOf(fields.map((field) => one.by[field] ?? null)) === keyOf(by));
    if (group === undefined || peak === undefined) continue;
    const usual = Math.round(peak.usual * 10) / 10;
    groups.push({ ...group, show: { ...group.show, peak: peak.count, usual, peakFrom: iso(peak.start) } });
  }
  const requests = groups.reduce((sum, group) => sum + group.requests, 0);
  return { groups, requests, ...(notes.length > 0 && { notes }) };
}
